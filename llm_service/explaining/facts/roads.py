"""Where the proposal leaves the road or its lane, and the correction does not."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from llm_service.explaining.claims import (
    CrossesDivider,
    CutsBend,
    LaneChange,
    LaneOffset,
    OffRoad,
    OncomingLane,
    Side,
)
from llm_service.explaining.facts.dividers import Crossing, crossings_of
from llm_service.explaining.facts.lanes import LaneEdges, lanes_around
from llm_service.explaining.facts.motion import turn_of, turns
from llm_service.explaining.situation import Situation
from llm_service.verifier import Course
from llm_service.verifier.drivable_area import DrivableRegion, excursion_of
from llm_service.verifier.path import EgoPath

_KNOWN_WITHIN_M = 55.0
"""A map's lines reach 60 m; what seems to leave the road farther out may be on one that is not told."""
_IN_LANE_WITHIN_M = 1.5
_FOLLOWS_WITHIN_M = 1.0
_SMALLEST_OFFSET_M = 0.8
_MORE_OFFSET_M = 0.5
_ONE_SIDED_BELOW = 0.5


def excursions(situation: Situation) -> Iterator[OffRoad]:
    """The proposal leaves the drivable area by more than the verifier's limit, the correction does not."""
    region = situation.scene.region
    if region is None:
        return
    planned, corrected = known_part(situation.proposal.path), known_part(situation.correction.path)
    worst = excursion_of(planned, region)
    if worst.outside_m > situation.limits.max_off_road_m >= excursion_of(corrected, region).outside_m:
        pose = int(np.flatnonzero(planned.times_s == worst.time_s)[0])
        yield OffRoad(_side_outside(planned.corners_ego_m[pose], region), worst.outside_m)


def crossed_dividers(situation: Situation) -> Iterator[CrossesDivider]:
    """The first divider that the proposal crosses to a side to which the correction crosses none."""
    for crossing in _crossed_by_one(situation, situation.proposal, situation.correction):
        yield CrossesDivider(crossing.side, crossing.time_s)


def lane_changes(situation: Situation) -> Iterator[LaneChange]:
    """The first divider that the correction crosses to a side to which the proposal crosses none."""
    for crossing in _crossed_by_one(situation, situation.correction, situation.proposal):
        yield LaneChange(crossing.side, crossing.time_s)


def oncoming_lanes(situation: Situation) -> Iterator[OncomingLane]:
    """The proposal ends in a lane of the opposite direction, the correction is never in one."""
    lanes = lanes_around(situation.moment)
    if lanes is None or _oncoming(lanes, situation.correction).any():
        return
    oncoming = _oncoming(lanes, situation.proposal)
    if len(oncoming) > 1 and oncoming[-2:].all():
        free = np.flatnonzero(~oncoming)
        since = int(free[-1]) + 1 if len(free) else 0
        yield OncomingLane(float(situation.proposal.times_s[since]))


def lane_offsets(situation: Situation) -> Iterator[LaneOffset]:
    """Waypoints at which the proposal is 0.8 m or more off the centre of the lane that the correction follows there.

    That is the nearest lane of the correction's direction, within 1 m; the correction is 0.5 m nearer to its centre.
    """
    lanes = lanes_around(situation.moment)
    if lanes is None:
        return
    followed, distance_m = lanes.nearest(situation.correction)
    for index in np.flatnonzero(distance_m <= _FOLLOWS_WITHIN_M):
        left_m = lanes.offset_m(int(followed[index]), situation.proposal.waypoints_ego_m[index])
        if left_m is not None and abs(left_m) >= max(_SMALLEST_OFFSET_M, distance_m[index] + _MORE_OFFSET_M):
            time_s = float(situation.proposal.times_s[index])
            yield LaneOffset("left" if left_m > 0 else "right", abs(left_m), time_s)


def cut_bends(situation: Situation) -> Iterator[CutsBend]:
    """Lane offsets to the side to which the correction turns."""
    inside: Side = "left" if turn_of(situation.correction) > 0 else "right"
    for offset in lane_offsets(situation) if turns(situation.correction) else ():
        if offset.side == inside:
            yield CutsBend(inside, offset.offset_m, offset.time_s)


def known_part(path: EgoPath) -> EgoPath:
    """The poses where the map is known, and the first."""
    known = np.hypot(path.corners_ego_m[..., 0], path.corners_ego_m[..., 1]).max(axis=1) <= _KNOWN_WITHIN_M
    known[0] = True
    return replace(
        path,
        times_s=path.times_s[known],
        rear_axle_ego_m=path.rear_axle_ego_m[known],
        heading_rad=path.heading_rad[known],
        corners_ego_m=path.corners_ego_m[known],
    )


def _side_outside(corners_ego_m: NDArray[np.float64], region: DrivableRegion) -> Literal["left", "right", "front"]:
    """The side whose corners are the farther outside; front where the other side is half as far out at least."""
    outside_m = region.outside_m(corners_ego_m)
    right_m, left_m = float(outside_m[:2].max()), float(outside_m[2:].max())
    if min(left_m, right_m) >= _ONE_SIDED_BELOW * max(left_m, right_m):
        return "front"
    return "left" if left_m > right_m else "right"


def _crossed_by_one(situation: Situation, one: Course, other: Course) -> Iterator[Crossing]:
    sides = {crossing.side for crossing in crossings_of(other, situation.moment)}
    alone = [crossing for crossing in crossings_of(one, situation.moment) if crossing.side not in sides]
    yield from alone[:1]


def _oncoming(lanes: LaneEdges, course: Course) -> NDArray[np.bool_]:
    """Whether each waypoint is in an opposite lane and in none of the vehicle's direction, [T]."""
    _, opposed_m = lanes.nearest(course, opposed=True)
    _, along_m = lanes.nearest(course)
    return (opposed_m <= _IN_LANE_WITHIN_M) & (along_m > _IN_LANE_WITHIN_M)
