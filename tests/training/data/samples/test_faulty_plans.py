"""Plans with one fault: what it is, and where it does not apply."""

import numpy as np
import pytest

from tests.training.data.samples.keyframes import (
    TIMES_S,
    braking,
    car,
    keyframe,
    left_turn,
    parallel_lanes,
    straight_on,
)
from training.data.samples import faulty_plans
from training.data.samples.lead import lead_on
from training.data.samples.neighbour_lanes import neighbour_offsets
from training.data.samples.truth_path import DrivenPath, path_through
from waymend import ego_vehicle

AHEAD = path_through(straight_on())


def plans(make, frame, count=50):
    driven, random = DrivenPath.of(frame.future_ego_m, TIMES_S), np.random.default_rng(3)
    return np.array([plan for plan in (make(frame, driven, random) for _ in range(count)) if plan is not None])


def test_the_wrong_lane_is_a_neighbour_of_the_map():
    made = plans(faulty_plans.wrong_lane, keyframe(straight_on(), road_map=parallel_lanes(0.3, 3.2, oncoming=(-3.1,))))
    ends = made[:, -1, 1]
    assert ends.max() == pytest.approx(2.9, abs=1e-6)
    assert ends.min() == pytest.approx(-3.4, abs=1e-6)
    assert (np.sign(made[:, :, 1]) == np.sign(ends)[:, None]).all()
    assert (np.diff(np.abs(made[:, :, 1]), axis=1) >= 0).all()
    np.testing.assert_allclose(made[:, :, 0], 10.0 * np.tile(TIMES_S, (50, 1)), atol=1e-9)


def test_without_a_map_the_wrong_lane_is_three_and_a_half_metres_away():
    ends = plans(faulty_plans.wrong_lane, keyframe(straight_on()))[:, -1, 1]
    assert np.abs(ends).max() == pytest.approx(3.5, abs=1e-6)
    assert np.abs(ends).min() > 3.0
    assert {*np.sign(ends)} == {-1.0, 1.0}


def test_at_walking_pace_there_is_no_lane_change():
    assert not len(plans(faulty_plans.wrong_lane, keyframe(straight_on(2.0))))


def test_late_braking_keeps_its_speed_and_then_brakes_harder():
    truth = braking(10.0, begins_s=0.5, braking_mps2=3.0)
    made = plans(faulty_plans.late_braking, keyframe(truth))
    behind = made[:, :, 0] - truth[:, 0]
    assert len(made) == 50
    assert behind.min() >= -1e-6
    assert behind[:, -1].min() > 0.9
    slowing = -np.diff(np.diff(made[:, :, 0], axis=1), axis=1) / 0.25
    assert slowing.max(axis=1).min() > 3.2
    assert slowing.max() < 7.0


@pytest.mark.parametrize("truth", [straight_on(), braking(10.0, 1.0, 0.5)], ids=["constant speed", "eases off"])
def test_who_does_not_brake_cannot_brake_late(truth):
    assert not len(plans(faulty_plans.late_braking, keyframe(truth)))


def test_rolling_up_to_something_that_stands_counts_as_braking():
    truth = braking(1.2, begins_s=0.5, braking_mps2=1.0)
    nose_m = truth[-1, 0] + ego_vehicle.REAR_AXLE_TO_FRONT_M
    assert len(plans(faulty_plans.late_braking, keyframe(truth, 1.2, [car(nose_m + 4.0)])))
    assert not len(plans(faulty_plans.late_braking, keyframe(truth, 1.2)))
    assert not len(plans(faulty_plans.late_braking, keyframe(truth, 1.2, [car(nose_m + 4.0, speed_mps=3.0)])))


def test_overspeed_is_faster_on_the_same_path():
    truth = left_turn(8.0, 15.0)
    made = plans(faulty_plans.overspeed, keyframe(truth))
    speeds = np.linalg.norm(np.diff(made, axis=1), axis=2)[:, 2] / np.linalg.norm(np.diff(truth, axis=0), axis=1)[2]
    assert speeds.min() == pytest.approx(1.15, abs=0.03)
    assert speeds.max() == pytest.approx(1.5, abs=0.03)
    np.testing.assert_allclose(np.linalg.norm(made[:, 3] - [0, 15.0], axis=1), 15.0, atol=0.1)


def test_overspeed_goes_on_straight_beyond_the_end_of_the_path():
    made = plans(faulty_plans.overspeed, keyframe(straight_on()))
    assert made[:, -1, 0].min() > 30.0
    np.testing.assert_allclose(made[:, :, 1], 0.0, atol=1e-9)


def test_corners_are_cut_on_their_inside():
    truth = left_turn(8.0, 15.0)
    made = plans(faulty_plans.corner_cutting, keyframe(truth))
    radius = np.linalg.norm(made - [0, 15.0], axis=2)
    assert radius[:, 1:-1].max() < 14.9
    np.testing.assert_allclose(made[:, -1], np.tile(truth[-1], (50, 1)), atol=1e-9)
    chord_middle = np.linalg.norm(truth[-1] / 2 - [0, 15.0])
    assert radius.min() > chord_middle + 0.2


def test_frozen_stands_or_creeps():
    made = plans(faulty_plans.frozen, keyframe(straight_on()))
    ends = made[:, -1, 0]
    standing = ends == 0
    assert 10 < standing.sum() < 40
    assert 1.5 <= ends[~standing].min() < ends.max() <= 7.5
    assert not len(plans(faulty_plans.frozen, keyframe(straight_on(0.5))))


def test_the_lead_is_the_nearest_in_the_way():
    lead = lead_on(AHEAD, (car(40.0), car(25.0, 1.0), car(20.0, 2.5), car(-8.0), car(18.0, -4.0)))
    assert lead.agent.center_ego_m[0] == 25.0
    assert lead.gap_m == pytest.approx(25.0 - 2.0 - ego_vehicle.REAR_AXLE_TO_FRONT_M)


def test_a_lead_across_the_road_reaches_as_far_as_its_side():
    lead = lead_on(AHEAD, (car(20.0, 2.5, np.pi / 2),))
    assert lead.gap_m == pytest.approx(20.0 - 1.0 - ego_vehicle.REAR_AXLE_TO_FRONT_M)


def test_the_lead_is_on_the_path_and_not_straight_ahead():
    path = path_through(left_turn(8.0, 15.0))
    x, y = 15 * np.sin(1.2), 15 * (1 - np.cos(1.2))
    lead = lead_on(path, (car(18.0), car(x, y, 1.2)))
    assert lead.agent.center_ego_m[0] == x
    assert lead.gap_m == pytest.approx(1.2 * 15 - 2.0 - ego_vehicle.REAR_AXLE_TO_FRONT_M, abs=0.2)


def test_on_an_empty_road_there_is_no_lead():
    assert lead_on(AHEAD, ()) is None
    assert lead_on(AHEAD, (car(10.0, 5.0),)) is None


@pytest.mark.parametrize(
    ("road_map", "expected"),
    [
        (parallel_lanes(0.3, 3.8, 7.3), (3.5,)),
        (parallel_lanes(-0.2, -3.2, oncoming=(3.4,)), (3.6, -3.0)),
        (parallel_lanes(0.0, 1.0, 3.0), (3.0,)),
        (parallel_lanes(0.0), ()),
        (parallel_lanes(3.0), ()),
        (None, ()),
    ],
    ids=["next of several", "both sides", "too near for a lane", "alone", "on no lane", "no map"],
)
def test_neighbours_are_the_next_lanes_on_each_side(road_map, expected):
    assert neighbour_offsets(road_map) == pytest.approx(expected, abs=1e-6)
