"""How the correction differs from the proposal."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from training.data.explanations.claims import Change, FinalSpeed, NoChange, ShiftAcross, ShiftAlong
from training.data.explanations.situation import Situation

UNCHANGED_WITHIN_M = 0.3
_SMALLEST_SHIFT_M = 0.05
_SMALLEST_SPEED_CHANGE_MPS = 0.2


def changes(situation: Situation) -> Iterator[Change]:
    """Every shift at every waypoint, however small, and the final speeds where they differ."""
    deviation_m = situation.correction.waypoints_ego_m - situation.proposal.waypoints_ego_m
    if np.hypot(*deviation_m.T).max() <= UNCHANGED_WITHIN_M:
        yield NoChange()
    for time_s, (along_m, left_m) in zip(situation.proposal.times_s, shifts_m(situation), strict=True):
        if abs(along_m) >= _SMALLEST_SHIFT_M:
            yield ShiftAlong("longer" if along_m > 0 else "shorter", float(abs(along_m)), float(time_s))
        if abs(left_m) >= _SMALLEST_SHIFT_M:
            yield ShiftAcross("left" if left_m > 0 else "right", float(abs(left_m)), float(time_s))
    planned_mps, corrected_mps = situation.proposal.final_speed_mps, situation.correction.final_speed_mps
    if min(planned_mps, corrected_mps) >= 0 and abs(planned_mps - corrected_mps) >= _SMALLEST_SPEED_CHANGE_MPS:
        yield FinalSpeed(planned_mps, corrected_mps)


def shifts_m(situation: Situation) -> NDArray[np.float64]:
    """Correction minus proposal at each waypoint, [T, 2]: along the path and to its left.

    Both are located on the path of whichever comes farther, so that two speeds on one bend differ along it alone.
    """
    proposal, correction = situation.proposal, situation.correction
    frame = max(proposal, correction, key=lambda course: course.way_m).frame()
    return frame.locate(correction.waypoints_ego_m) - frame.locate(proposal.waypoints_ego_m)
