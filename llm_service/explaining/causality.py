"""Which changes a cause may be given for."""

from llm_service.explaining.claims import (
    AgentMention,
    Cause,
    Change,
    Collision,
    CrossesDivider,
    CutsBend,
    FinalSpeed,
    LaneOffset,
    LimitExceeded,
    OffRoad,
    OncomingLane,
    Reverses,
    ShiftAcross,
    ShiftAlong,
    ShortGap,
    StandsStill,
    TooClose,
)

MATTERS_M = 0.3
MATTERS_MPS = 0.5
"""Smaller changes are not worth a word."""

_ALONG_ALONE = ("speed", "braking", "acceleration")
_SPEED_OR_PATH = ("lateral acceleration", "yaw rate", "curvature")


def explains(cause: Cause, change: Change) -> bool:
    """Whether the change is an answer to the cause; one that is too small to matter never is.

    - Leaving the road or crossing a divider to one side: by moving to the other side, or by coming less far.
    - Being off the lane's centre to one side: by moving to the other.
    - A short gap: by coming less far. Standing or reversing: by coming farther.
    - A limit on speed, braking or acceleration: along the path; on turning: less far or across; on jerk: either.
    - An agent ahead: by moving aside or by coming less far; one behind: aside or farther; one beside or crossing: by
      every change, because the correction as a whole avoids it.
    """
    if not _matters(change):
        return False
    if isinstance(cause, OffRoad | CrossesDivider):
        return _leads_back(cause.side, change) or _holds_back(change)
    if isinstance(cause, LaneOffset | CutsBend):
        return _leads_back(cause.side, change)
    if isinstance(cause, OncomingLane):
        return isinstance(change, ShiftAcross) or _holds_back(change)
    if isinstance(cause, ShortGap):
        return _holds_back(change)
    if isinstance(cause, Reverses | StandsStill):
        return not isinstance(change, ShiftAcross) and not _holds_back(change)
    if isinstance(cause, LimitExceeded):
        return _eases(cause, change)
    if isinstance(cause, Collision | TooClose):
        return _avoids(cause.agent, change)
    return False


def _avoids(agent: AgentMention, change: Change) -> bool:
    if isinstance(change, ShiftAcross) or agent.motion.startswith("crossing") or agent.ahead_m == 0:
        return True
    return _holds_back(change) == (agent.ahead_m > 0)


def _matters(change: Change) -> bool:
    if isinstance(change, FinalSpeed):
        return abs(change.corrected_mps - change.planned_mps) >= MATTERS_MPS
    return isinstance(change, ShiftAlong | ShiftAcross) and change.size_m >= MATTERS_M


def _leads_back(side: str, change: Change) -> bool:
    return isinstance(change, ShiftAcross) and change.side != side


def _eases(cause: LimitExceeded, change: Change) -> bool:
    if cause.quantity == "speed":
        return _holds_back(change)
    if cause.quantity in _ALONG_ALONE:
        return not isinstance(change, ShiftAcross)
    if cause.quantity in _SPEED_OR_PATH:
        return isinstance(change, ShiftAcross) or _holds_back(change)
    return True


def _holds_back(change: Change) -> bool:
    if isinstance(change, ShiftAlong):
        return change.direction == "shorter"
    return isinstance(change, FinalSpeed) and change.corrected_mps < change.planned_mps
