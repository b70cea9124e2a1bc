"""What is worth saying, of all that is true."""

from dataclasses import dataclass

import numpy as np

from llm_service.explaining.causality import MATTERS_M, MATTERS_MPS, explains
from llm_service.explaining.claims import (
    Cause,
    Change,
    Claim,
    CutsBend,
    FinalSpeed,
    KeepsMotion,
    Kept,
    LaneChange,
    LaneOffset,
    NoChange,
    ShiftAcross,
    ShiftAlong,
    Sound,
)

_ALSO_WORTH_M = 0.5
_ALSO_WORTH_SHARE = 0.3
_SHARE_OF_CONTEXT = 0.4
_SHARE_OF_SECOND_CAUSE = 0.3


@dataclass(frozen=True, slots=True)
class Selection:
    """What an explanation says.

    Attributes:
        cause: The gravest, if any.
        change: The greatest, of those that answer to the cause where one does.
        answered: Whether it does.
        extras: What may be added, the most important first.
    """

    cause: Cause | None
    change: Change
    answered: bool
    extras: tuple[Claim, ...]


def select(facts: tuple[Claim, ...], random: np.random.Generator) -> Selection:
    """From true claims in the order of `true_claims`; which additions are made is drawn."""
    changes = _worthy_changes(facts)
    if isinstance(changes[0], NoChange | Kept):
        sound = Sound if isinstance(changes[0], NoChange) else None
        return Selection(None, changes[0], False, _context(facts, random, sound))
    causes = _one_per_kind([fact for fact in facts if isinstance(fact, Cause)])
    cause = causes[0] if causes else None
    answers = [change for change in changes if cause is not None and explains(cause, change)]
    change = (answers or changes)[0]
    second_cause = causes[1:2] if random.random() < _SHARE_OF_SECOND_CAUSE else []
    others = [other for other in changes if other is not change]
    extras = (
        *second_cause,
        *others[: int(random.integers(3))],
        *_context(facts, random, None if causes else KeepsMotion),
    )
    return Selection(cause, change, bool(answers), extras)


def _worthy_changes(facts: tuple[Claim, ...]) -> list[Change]:
    """The shifts at one time, the greater first, then the speeds; nothing else where nothing changes."""
    unchanged = [fact for fact in facts if isinstance(fact, NoChange | Kept)]
    if unchanged:
        return list(unchanged)
    shifts = [fact for fact in facts if isinstance(fact, ShiftAlong | ShiftAcross)]
    speeds = [fact for fact in facts if isinstance(fact, FinalSpeed)]
    speeds = [fact for fact in speeds if abs(fact.planned_mps - fact.corrected_mps) >= MATTERS_MPS]
    if not shifts:
        return list(speeds)
    at_end = max(shift.time_s for shift in shifts)
    greatest = max((shift for shift in shifts if shift.time_s == at_end), key=lambda shift: shift.size_m)
    if greatest.size_m < MATTERS_M:
        greatest = max(shifts, key=lambda shift: shift.size_m)
    also_m = max(_ALSO_WORTH_M, _ALSO_WORTH_SHARE * greatest.size_m)
    beside = [
        shift
        for shift in shifts
        if shift.time_s == greatest.time_s and shift is not greatest and shift.size_m >= also_m
    ]
    return [greatest, *beside, *speeds]


def _one_per_kind(causes: list[Cause]) -> list[Cause]:
    """The first of each kind; of lane offsets the greatest. A bend that is cut says all that its lane offset does."""
    chosen: dict[type, Cause] = {}
    for cause in causes:
        before = chosen.get(type(cause))
        if before is None:
            chosen[type(cause)] = cause
        elif isinstance(cause, LaneOffset | CutsBend) and isinstance(before, type(cause)):
            chosen[type(cause)] = max(before, cause, key=lambda offset: offset.offset_m)
    if CutsBend in chosen:
        chosen.pop(LaneOffset, None)
    return list(chosen.values())


def _context(
    facts: tuple[Claim, ...], random: np.random.Generator, preferred: type[Claim] | None = None
) -> tuple[Claim, ...]:
    """Sometimes one claim about the scene that is no reason; a lane change always."""
    lane_changes = [fact for fact in facts if isinstance(fact, LaneChange)]
    if lane_changes:
        return tuple(lane_changes)
    others = [fact for fact in facts if not isinstance(fact, Change | Cause | Sound)]
    if preferred is not None:
        others += 2 * [fact for fact in facts if isinstance(fact, preferred)]
    if not others or random.random() >= _SHARE_OF_CONTEXT:
        return ()
    return (others[int(random.integers(len(others)))],)
