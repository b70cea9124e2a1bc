"""How the correction differs from the proposal."""

from collections.abc import Iterator

from llm_service.correction.findings import unchanged
from llm_service.explaining.claims import Change, FinalSpeed, Kept, NoChange, ShiftAcross, ShiftAlong
from llm_service.explaining.facts.motion import fails_a_check
from llm_service.explaining.situation import Situation
from llm_service.verifier.course import shifts_m

_SMALLEST_SHIFT_M = 0.05
_SMALLEST_SPEED_CHANGE_MPS = 0.2


def changes(situation: Situation) -> Iterator[Change]:
    """Every shift at every waypoint, however small, and the final speeds where they differ."""
    if unchanged(situation.proposal.waypoints_ego_m, situation.correction.waypoints_ego_m):
        yield Kept() if fails_a_check(situation) else NoChange()
    for time_s, (along_m, left_m) in zip(
        situation.proposal.times_s, shifts_m(situation.proposal, situation.correction), strict=True
    ):
        if abs(along_m) >= _SMALLEST_SHIFT_M:
            yield ShiftAlong("longer" if along_m > 0 else "shorter", float(abs(along_m)), float(time_s))
        if abs(left_m) >= _SMALLEST_SHIFT_M:
            yield ShiftAcross("left" if left_m > 0 else "right", float(abs(left_m)), float(time_s))
    planned_mps, corrected_mps = situation.proposal.final_speed_mps, situation.correction.final_speed_mps
    if min(planned_mps, corrected_mps) >= 0 and abs(planned_mps - corrected_mps) >= _SMALLEST_SPEED_CHANGE_MPS:
        yield FinalSpeed(planned_mps, corrected_mps)
