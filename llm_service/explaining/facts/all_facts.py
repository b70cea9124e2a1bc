"""Every claim that a situation supports, exact and without rounding: the one source of what is said and checked."""

from llm_service.explaining.claims import Claim
from llm_service.explaining.facts.agents import close_passes, collisions
from llm_service.explaining.facts.leads import lead_claims
from llm_service.explaining.facts.motion import contexts, exceeded_limits, kept_motion, odd_motions, soundness
from llm_service.explaining.facts.roads import (
    crossed_dividers,
    cut_bends,
    excursions,
    lane_changes,
    lane_offsets,
    oncoming_lanes,
)
from llm_service.explaining.facts.shifts import changes
from llm_service.explaining.situation import Situation

_FAMILIES = (
    changes,
    collisions,
    excursions,
    close_passes,
    oncoming_lanes,
    crossed_dividers,
    lead_claims,
    odd_motions,
    cut_bends,
    lane_offsets,
    exceeded_limits,
    lane_changes,
    kept_motion,
    contexts,
    soundness,
)
"""Changes, then causes with the gravest first; contexts come with what they belong to."""


def true_claims(situation: Situation) -> tuple[Claim, ...]:
    """All claims that hold, in the order of their weight; within one kind the gravest or earliest first."""
    return tuple(claim for family in _FAMILIES for claim in family(situation))
