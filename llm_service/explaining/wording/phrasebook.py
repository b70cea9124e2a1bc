"""All phrasings: the one list of what can be said, and therefore of what can be read."""

from llm_service.explaining.claims import Claim
from llm_service.explaining.wording import causes, changes, context, rules
from llm_service.explaining.wording.template import Phrasing, Reading
from llm_service.explaining.wording.voice import Voice

_PHRASINGS: tuple[Phrasing, ...] = (
    changes.NO_CHANGE,
    changes.KEPT,
    changes.SHIFT_ALONG,
    changes.SHIFT_ACROSS,
    changes.FINAL_SPEED,
    causes.COLLISION,
    causes.TOO_CLOSE,
    causes.SHORT_GAP,
    causes.REVERSES,
    causes.STANDS_STILL,
    rules.OFF_ROAD,
    rules.ONCOMING_LANE,
    rules.CROSSES_DIVIDER,
    rules.LANE_OFFSET,
    rules.CUTS_BEND,
    rules.LIMIT_EXCEEDED,
    context.EGO_SPEED,
    context.LEAD,
    context.MOTION,
    context.LANE_CHANGE,
    context.KEEPS_MOTION,
    context.ROUTE,
    context.SOUND,
)

PHRASEBOOK: dict[type[Claim], Phrasing] = {phrasing.kind: phrasing for phrasing in _PHRASINGS}

_TEMPLATES = tuple(
    template for phrasing in _PHRASINGS for templates in phrasing.templates.values() for template in templates
)


def clause_of(claim: Claim, voice: Voice) -> str:
    """One wording of a claim, in lower case, without a full stop."""
    return PHRASEBOOK[type(claim)].write(claim, voice)


def read_clause(clause: str) -> Reading | None:
    """The claim that a clause in lower case makes; None where it has no known form."""
    readings = (template.read(clause) for template in _TEMPLATES)
    return next((reading for reading in readings if reading is not None), None)
