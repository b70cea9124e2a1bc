import numpy as np
import pytest

from llm_service.explaining.claims import CrossesDivider, LaneChange, LaneOffset, OffRoad, OncomingLane
from llm_service.explaining.facts import roads
from tests.llm_service.explaining import situations
from tests.llm_service.explaining.scenes import circle, keyframe, left_bend, line, straight, two_lane_road
from waymend.agents import VectorMap


def test_leaving_the_road_to_the_right_is_told_with_its_depth():
    """The road ends 1.75 m to the right; the right side of the vehicle, 0.865 m from its middle, reaches 2.865 m."""
    frame = keyframe(straight(8.0), road_map=two_lane_road())
    (claim,) = roads.excursions(situations.of(frame, straight(8.0, left_m=-2.0)))
    assert claim == OffRoad("right", pytest.approx(2.865 - 1.75, abs=0.15))


def test_what_both_leave_is_no_cause():
    frame = keyframe(straight(8.0, left_m=-2.0), road_map=two_lane_road())
    assert list(roads.excursions(situations.of(frame, straight(8.0, left_m=-2.5)))) == []


def test_past_the_end_of_the_map_nothing_is_known():
    frame = keyframe(straight(8.0), road_map=two_lane_road())
    assert list(roads.excursions(situations.of(frame, straight(25.0)))) == []


def test_driving_straight_on_where_the_road_bends_leaves_it_to_the_outside():
    frame = keyframe(circle(8.0, 20.0), road_map=left_bend())
    (claim,) = roads.excursions(situations.of(frame, straight(3.2)))
    assert claim.side == "right"


def test_crossing_the_divider_is_told_when_the_middle_crosses():
    situation = situations.of(*situations.into_the_oncoming_lane())
    (claim,) = roads.crossed_dividers(situation)
    middle_m = situation.proposal.path.corners_ego_m.mean(axis=1)[:, 1]
    crossed_s = np.interp(1.75, middle_m, situation.proposal.path.times_s)
    assert claim == CrossesDivider("left", pytest.approx(crossed_s))
    assert 1.2 < claim.time_s < 1.5


def test_the_truth_changing_lane_is_a_lane_change_and_no_fault():
    frame = keyframe(straight(8.0, left_m=3.5), road_map=two_lane_road())
    situation = situations.of(frame, straight(8.0))
    assert list(roads.crossed_dividers(situation)) == []
    (claim,) = roads.lane_changes(situation)
    assert isinstance(claim, LaneChange)
    assert claim.side == "left"


def test_a_divider_is_crossed_to_the_same_side_whichever_way_it_is_drawn():
    for points in ([(-20.0, 1.75), (55.0, 1.75)], [(55.0, 1.75), (-20.0, 1.75)]):
        frame = keyframe(straight(8.0), road_map=VectorMap((line("lane_divider", *points),)))
        (claim,) = roads.crossed_dividers(situations.of(frame, straight(8.0, left_m=3.5)))
        assert claim.side == "left"


def test_a_divider_of_a_crossing_road_is_passed():
    frame = keyframe(straight(2.0), road_map=VectorMap((line("lane_divider", (12.0, -9.0), (12.0, 9.0)),)))
    assert list(roads.crossed_dividers(situations.of(frame, straight(8.0)))) == []


def test_the_oncoming_lane_is_entered_where_the_own_one_is_left():
    """At 2.0 s the proposal is 2.6 m to the left: more than 1.5 m off the own lane, within 1.5 m of the other."""
    (claim,) = roads.oncoming_lanes(situations.of(*situations.into_the_oncoming_lane()))
    assert claim == OncomingLane(2.0)


def test_offsets_from_the_lane_are_told_for_each_waypoint_from_80_cm_on():
    offsets = list(roads.lane_offsets(situations.of(*situations.into_the_oncoming_lane())))
    assert [offset.time_s for offset in offsets] == [1.0, 1.5, 2.0, 2.5, 3.0]
    assert offsets[-1] == LaneOffset("left", pytest.approx(3.5), 3.0)


def test_a_tighter_circle_cuts_the_bend():
    situation = situations.of(*situations.cut_bend())
    last = list(roads.cut_bends(situation))[-1]
    off_centre_m = 20.0 - np.hypot(*(situation.proposal.waypoints_ego_m[-1] - [0.0, 20.0]))
    assert (last.side, last.time_s) == ("left", 3.0)
    assert last.offset_m == pytest.approx(off_centre_m, abs=0.02)


def test_a_wider_circle_does_not_cut_the_bend():
    frame = keyframe(circle(8.0, 20.0), road_map=left_bend())
    situation = situations.of(frame, circle(8.0, 27.0))
    assert {offset.side for offset in roads.lane_offsets(situation)} == {"right"}
    assert list(roads.cut_bends(situation)) == []


@pytest.mark.parametrize("road_map", [None, VectorMap()])
@pytest.mark.parametrize(
    "family", [roads.excursions, roads.crossed_dividers, roads.lane_changes, roads.oncoming_lanes, roads.lane_offsets]
)
def test_without_a_map_nothing_is_claimed_of_it(family, road_map):
    assert list(family(situations.of(keyframe(straight(8.0), road_map=road_map), straight(8.0, left_m=9.0)))) == []
