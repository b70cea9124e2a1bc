"""The command follows from the lanes of the route, whatever the vehicle does on them."""

import numpy as np
import pytest

from tests.training.data.samples.lines import STEP_S, driven, lane, line, swerve
from training.data.samples.route import route_command, route_of
from training.data.samples.route_lanes import NO_LANE, match_lanes, route_lanes

QUARTER = np.pi / 2
LEFT_TURN = line((60.0, 0.0), (15.0, QUARTER), (40.0, 0.0))


def crossing(turns=1.0):
    """A lane that leads to a junction with connectors ahead, left and right; `turns=-1` swaps left and right."""
    lanes = {
        "in": lane((60.0, 0.0)),
        "ahead": lane((15.0, 0.0), start=(60.0, 0.0)),
        "left": lane((15.0, turns * QUARTER), start=(60.0, 0.0)),
        "right": lane((12.0, -turns * QUARTER), start=(60.0, 0.0)),
        "out left": lane((60.0, 0.0), start=LEFT_TURN[750, :2] * [1, turns], yaw_rad=turns * QUARTER),
        "out ahead": lane((60.0, 0.0), start=(75.0, 0.0)),
    }
    follows = {
        "in": ("ahead", "left", "right"), "left": ("out left",), "ahead": ("out ahead",), "right": ("elsewhere",),
    }  # fmt: skip
    return route_lanes(lanes, follows)


def two_lanes(bend_rad=0.0):
    """Straight on, then a bend; one lane 3.5 m to the left of the other."""
    beside = lane((50.0, 0.0), (150.0 - 3.5 * bend_rad, bend_rad), start=(0.0, 3.5))
    return route_lanes({"own": lane((50.0, 0.0), (150.0, bend_rad)), "beside": beside}, {})


def commands(path, lanes, speed_mps):
    route = route_of(path, lanes)
    return [route_command(route, int(time), speed_mps) for time in path.timestamps_us]


def command_at(path, lanes, x_m, speed_mps):
    """When the vehicle first reaches `x_m`."""
    return commands(path, lanes, speed_mps)[int((path.xy_m[:, 0] >= x_m).argmax())]


def test_a_left_turn_is_left_from_three_seconds_before_it_until_it_is_nearly_done():
    path = driven(LEFT_TURN, 8.0)
    told = commands(path, crossing(), 8.0)
    left = [path.timestamps_us[i] * 8e-6 for i, command in enumerate(told) if command == "left"]
    assert min(left) == pytest.approx(60.0 + 15.0 * 15 / 90 - 24.0, abs=1.2)
    assert max(left) == pytest.approx(75.0 - 15.0 * 15 / 90, abs=1.2)
    assert "right" not in told
    assert told[0] == told[-1] == "straight"


def test_a_right_turn_is_its_mirror_image():
    path = driven(LEFT_TURN * [1, -1, -1], 8.0)
    assert command_at(path, crossing(turns=-1.0), 50.0, 8.0) == "right"
    assert command_at(path, crossing(turns=-1.0), 20.0, 8.0) == "straight"


def test_a_vehicle_that_waits_before_its_turn_has_the_turns_command():
    path = driven(LEFT_TURN, 8.0, standing_s=10.0, stands_at_m=52.0)
    route = route_of(path, crossing())
    assert route_command(route, 12_000_000, speed_mps=0.0) == "left"


def test_a_vehicle_that_waits_far_from_its_turn_goes_straight():
    path = driven(LEFT_TURN, 8.0, standing_s=10.0, stands_at_m=30.0)
    assert route_command(route_of(path, crossing()), 12_000_000, speed_mps=0.0) == "straight"


def test_lanes_that_follow_each_other_are_preferred_at_a_junction():
    lanes = crossing()
    poses = LEFT_TURN[::10]
    matched = lanes.lane_numbers[match_lanes(poses[:, :2], poses[:, 2], lanes)]
    assert list(dict.fromkeys(matched.tolist())) == [0, 2, 4]


def test_where_no_lane_is_near_or_leads_that_way_none_is_matched():
    lanes = two_lanes()
    xy = np.array([[20.0, 1.0], [20.0, -3.5], [20.0, 1.0]])
    yaw = np.array([0.0, 0.0, np.pi])
    assert (match_lanes(xy, yaw, lanes) == NO_LANE).tolist() == [False, True, True]


@pytest.mark.parametrize(("over_m", "back_after_m"), [(20.0, None), (14.0, None), (14.0, 5.0)])
def test_a_lane_change_or_a_swerve_is_straight(over_m, back_after_m):
    path = driven(swerve(line((200.0, 0.0)), 3.5, 60.0, over_m, back_after_m), 6.0)
    assert np.rad2deg(np.abs(path.yaw_rad).max()) > 15
    assert set(commands(path, two_lanes(), 6.0)) == {"straight"}


def test_passing_an_obstacle_beyond_all_lanes_is_straight():
    """Where no lane is within reach the route is bridged from lane to lane."""
    path = driven(swerve(line((200.0, 0.0)), -4.5, 60.0, 12.0, 3.0), 6.0)
    route = route_of(path, two_lanes())
    assert not route.on_lane.all()
    assert set(commands(path, two_lanes(), 6.0)) == {"straight"}


@pytest.mark.parametrize(("radius_m", "expected"), [(60.0, "left"), (400.0, "straight")])
def test_a_bend_is_a_turn_where_it_is_sharp(radius_m, expected):
    """At 8 m/s, 24 m ahead: 23 degrees against 3."""
    path = driven(line((50.0, 0.0), (150.0, 150.0 / radius_m)), 8.0)
    assert command_at(path, two_lanes(150.0 / radius_m), 52.0, 8.0) == expected


def test_a_lane_change_within_a_bend_keeps_the_bends_command():
    bend = line((50.0, 0.0), (150.0, 150.0 / 60.0))
    path = driven(swerve(bend, 3.5, 70.0, 30.0), 8.0)
    told = commands(path, two_lanes(150.0 / 60.0), 8.0)
    assert set(told[round(45 / 8 / STEP_S) : round(150 / 8 / STEP_S)]) == {"left"}


def test_without_a_map_the_smoothed_path_gives_the_command():
    assert command_at(driven(LEFT_TURN, 8.0), None, 50.0, 8.0) == "left"
    assert set(commands(driven(swerve(line((200.0, 0.0)), 3.5, 60.0, 30.0), 8.0), None, 8.0)) == {"straight"}
    assert set(commands(driven(LEFT_TURN, 8.0), route_lanes({}, {}), 8.0)) == {"straight", "left"}


def test_the_turn_after_the_end_of_the_scene_is_unknown():
    path = driven(LEFT_TURN[:600], 8.0)
    assert set(commands(path, crossing(), 8.0)) == {"straight"}


def test_a_vehicle_that_stands_has_no_turn_however_its_pose_trembles():
    random = np.random.default_rng(0)
    path = driven(LEFT_TURN, 8.0)
    still = type(path)(
        path.timestamps_us, random.normal(0.0, 0.02, path.xy_m.shape), random.normal(0.0, 0.5, len(path.yaw_rad))
    )
    route = route_of(still, crossing())
    assert route.progress_m.tolist() == [0.0]
    assert set(commands(still, crossing(), 0.0)) == {"straight"}
