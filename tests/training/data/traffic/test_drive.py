import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import shapely

from training.data.drives.drive import Agent, Drive
from training.data.drives.road_map import Lane
from training.data.traffic.checks import agent_boxes, ego_boxes
from training.data.traffic.drive import synthesize_drive
from training.data.traffic.scenarios import SCENARIOS
from waymend.errors import InvalidField

_STEP_S = 0.1


def _digest(drive: Drive) -> str:
    """Of every number that moves."""
    digest = hashlib.sha256(drive.description.encode())
    for track in (drive.ego, *(agent.track for agent in drive.agents)):
        for array in (track.times_s, track.positions_m, track.yaws_rad, track.valid):
            digest.update(array.tobytes())
    for lane in drive.road_map.lanes:
        digest.update(lane.centerline_m.tobytes() + lane.surface.wkb)
    digest.update(drive.road_map.drivable.wkb)
    return digest.hexdigest()


def _velocities(drive: Drive) -> np.ndarray:
    return np.gradient(drive.ego.positions_m[:, :2], _STEP_S, axis=0)


def _speeds(drive: Drive) -> np.ndarray:
    return np.hypot(*_velocities(drive).T)


def _kind(drive: Drive) -> str:
    return drive.source.removeprefix("procedural ")


def test_equal_arguments_give_equal_bits_and_other_ones_another_drive(drives: list[Drive]) -> None:
    assert _digest(synthesize_drive(4, seed=7)) == _digest(drives[4])
    assert _digest(synthesize_drive(4, seed=8)) != _digest(drives[4])


def test_another_process_gives_the_same_bits_and_prints_nothing_else(drives: list[Drive]) -> None:
    program = (
        "import numpy; before = numpy.random.get_state()[1].tolist()\n"
        "from tests.training.data.traffic.test_drive import _digest, synthesize_drive\n"
        "print(_digest(synthesize_drive(1, seed=7)), _digest(synthesize_drive(7, seed=7)))\n"
        "import pygame; assert not pygame.display.get_init()\n"
        "assert numpy.random.get_state()[1].tolist() == before"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "1"},
    )
    assert result.stdout.split() == [_digest(drives[1]), _digest(drives[7])]
    assert result.stderr == ""


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(InvalidField, match="index"):
        synthesize_drive(-1, seed=7)
    with pytest.raises(InvalidField, match="seed"):
        synthesize_drive(0, seed=-7)


def test_a_drive_lasts_20_s_at_10_hz_with_41_key_frames(drives: list[Drive]) -> None:
    for drive in drives:
        assert drive.keyframe_times_s == pytest.approx(0.5 * np.arange(41))
        assert drive.ego.times_s == pytest.approx(0.1 * np.arange(201))
        assert drive.ego.valid.all()
        assert (drive.ego.positions_m[:, 2] == 0.0).all()
        assert drive.location is None


def test_names_are_unique(drives: list[Drive]) -> None:
    assert len({drive.name for drive in drives}) == len({drive.log_name for drive in drives}) == 25
    lanes = [lane.lane_id for drive in drives for lane in drive.road_map.lanes]
    assert len(set(lanes)) == len(lanes)
    for drive in drives:
        assert len({agent.agent_id for agent in drive.agents}) == len(drive.agents)


def test_the_ego_vehicle_touches_nobody(drives: list[Drive]) -> None:
    for drive in drives:
        boxes = ego_boxes(drive.ego)
        assert not any(shapely.intersects(boxes, agent_boxes(agent)).any() for agent in drive.agents), drive.name


def test_the_ego_vehicle_stays_on_the_road(drives: list[Drive]) -> None:
    for drive in drives:
        on_road = shapely.contains_xy(drive.road_map.drivable, drive.ego.positions_m[:, :2])
        assert on_road.mean() >= 0.99, drive.name


def test_the_ego_vehicle_moves_where_it_points_and_never_reverses(driven: list[Drive]) -> None:
    for drive in driven:
        velocity, yaw = _velocities(drive), drive.ego.yaws_rad
        forward = velocity[:, 0] * np.cos(yaw) + velocity[:, 1] * np.sin(yaw)
        sideways = velocity[:, 1] * np.cos(yaw) - velocity[:, 0] * np.sin(yaw)
        assert forward.min() > -0.01, drive.name
        assert np.abs(sideways).max() < 0.11, drive.name


def test_the_ego_vehicle_drives_like_a_human(driven: list[Drive]) -> None:
    accelerations, jerks = [], []
    for drive in driven:
        speed = _speeds(drive)
        turn = np.gradient(np.unwrap(drive.ego.yaws_rad), _STEP_S)
        accelerations.append(np.gradient(speed, _STEP_S))
        jerks.append(np.gradient(accelerations[-1], _STEP_S))
        assert accelerations[-1].min() > -6.2, drive.name
        assert accelerations[-1].max() < 3.0, drive.name
        assert np.abs(turn).max() < 0.8, drive.name
        assert np.abs(turn * speed).max() < 4.0, drive.name
    assert np.mean(np.abs(np.concatenate(accelerations)) < 3.0) > 0.97
    assert np.percentile(np.abs(np.concatenate(jerks)), 95) < 3.0


def test_agents_stand_on_the_ground_and_do_not_jump(drives: list[Drive]) -> None:
    for agent in (agent for drive in drives for agent in drive.agents):
        track = agent.track
        assert (track.positions_m[track.valid, 2] == agent.size_lwh_m[2] / 2).all()
        both = track.valid[1:] & track.valid[:-1]
        steps = np.hypot(*np.diff(track.positions_m[:, :2], axis=0)[both].T)
        assert steps.max(initial=0.0) < 45.0 * _STEP_S
        assert np.abs(np.diff(steps)).max(initial=0.0) < 10.0 * _STEP_S**2


def test_agents_do_not_drive_through_each_other(drives: list[Drive]) -> None:
    drive = max(drives, key=lambda drive: len(drive.agents))
    boxes = [agent_boxes(agent) for agent in drive.agents]
    for first in range(len(boxes)):
        for second in range(first):
            meeting = shapely.intersects(boxes[first], boxes[second])
            shared = shapely.area(shapely.intersection(boxes[first][meeting], boxes[second][meeting]))
            assert shared.max(initial=0.0) < 0.2


def test_every_layout_occurs_with_traffic_on_both_sides(drives: list[Drive]) -> None:
    assert len(SCENARIOS) % 2 == 1
    assert {_kind(drive) for drive in drives} == {"street", "highway", "merge", "intersection", "roundabout"}
    assert [drive.left_hand_traffic for drive in drives[:4]] == [False, True, False, True]


def test_speeds_cover_what_real_logs_hold(drives: list[Drive]) -> None:
    means = np.array([_speeds(drive).mean() for drive in drives])
    assert means.min() < 3.0
    assert means.max() > 15.0
    assert ((means > 3.0) & (means < 13.0)).mean() > 0.4
    standing = [bool((_speeds(drive) < 0.2).any()) for drive in drives]
    assert 0.15 < np.mean(standing) < 0.7


def test_some_drives_turn(drives: list[Drive]) -> None:
    turned = [np.ptp(np.unwrap(drive.ego.yaws_rad)) for drive in drives]
    assert np.mean(np.array(turned) > 0.7) > 0.1


def test_all_kinds_of_road_users_occur(drives: list[Drive]) -> None:
    categories = {agent.category for drive in drives for agent in drive.agents}
    assert categories >= {
        "vehicle.car",
        "vehicle.truck",
        "vehicle.bus.rigid",
        "vehicle.motorcycle",
        "vehicle.bicycle",
        "human.pedestrian.adult",
    }
    assert categories & {"movable_object.trafficcone", "movable_object.barrier"}
    most = 38 + 36 + 24 + 12  # drivers, parked cars, people, and what events stage
    assert all(1 <= len(drive.agents) <= most for drive in drives)


@pytest.mark.parametrize(
    ("told", "least"),
    [
        ("the vehicle ahead brakes hard", 1),
        ("a vehicle cuts in", 1),
        ("a slow vehicle ahead", 1),
        ("a pedestrian crosses", 2),
        ("makes the vehicle change lane", 1),
    ],
)
def test_events_happen(drives: list[Drive], told: str, least: int) -> None:
    assert sum(told in drive.description for drive in drives) >= least


def test_the_ego_vehicle_keeps_to_its_side_of_the_road(drives: list[Drive]) -> None:
    streets = [drive for drive in drives if _kind(drive) == "street"]
    for drive in streets:
        middle = next(shapely.LineString(d.line_m) for d in drive.road_map.dividers if d.divides_directions)
        along = shapely.line_locate_point(middle, shapely.points(drive.ego.positions_m[:, :2]))
        nearest = shapely.get_coordinates(shapely.line_interpolate_point(middle, along))
        x, y = (nearest - drive.ego.positions_m[:, :2]).T
        left_m = y * np.cos(drive.ego.yaws_rad) - x * np.sin(drive.ego.yaws_rad)
        assert ((left_m < 0.0) if drive.left_hand_traffic else (left_m > 0.0)).all(), drive.name
        assert np.abs(left_m).min() > 0.5, drive.name


def test_the_ego_vehicle_follows_lanes_in_their_direction(drives: list[Drive]) -> None:
    off = np.array([[_off_lane(drive, step) for step in range(0, 201, 20)] for drive in drives])
    assert np.median(off) < 0.3
    assert off.max() < 2.6


def test_a_driver_who_cuts_in_comes_from_beside_and_ends_up_ahead(drives: list[Drive]) -> None:
    drive = next(drive for drive in drives if "cuts in" in drive.description)
    assert any(_cuts_in(drive, agent) for agent in drive.agents if agent.category.startswith("vehicle."))


def test_the_ego_vehicle_leaves_room_for_pedestrians_who_cross(drives: list[Drive]) -> None:
    for drive in (drive for drive in drives if "pedestrian crosses" in drive.description):
        boxes = ego_boxes(drive.ego)
        walkers = [agent for agent in drive.agents if agent.category.startswith("human.")]
        assert walkers
        assert min(float(shapely.distance(boxes, agent_boxes(agent)).min()) for agent in walkers) > 0.8


def _off_lane(drive: Drive, step: int) -> float:
    """Distance (m) to the nearest centre line that leads within 30 degrees of the heading."""
    place, yaw = drive.ego.positions_m[step, :2], drive.ego.yaws_rad[step]

    def distance(lane: Lane) -> float:
        away = np.hypot(*(lane.centerline_m - place).T)
        nearest = min(int(np.argmin(away)), len(away) - 2)
        along = lane.centerline_m[nearest + 1] - lane.centerline_m[nearest]
        agrees = np.cos(np.arctan2(along[1], along[0]) - yaw) > np.cos(np.pi / 6)
        return float(shapely.LineString(lane.centerline_m).distance(shapely.Point(place))) if agrees else np.inf

    return min(distance(lane) for lane in drive.road_map.lanes)


def _cuts_in(drive: Drive, agent: Agent) -> bool:
    """Whether it moves from more than 2.5 m beside the ego vehicle's later way to less than 1 m, within 35 m ahead."""
    track, way = agent.track, shapely.LineString(drive.ego.positions_m[:, :2])
    if not track.valid.all():
        return False
    places = shapely.points(track.positions_m[:, :2])
    beside = shapely.distance(places, way)
    ahead = shapely.line_locate_point(way, places) - shapely.line_locate_point(
        way, shapely.points(drive.ego.positions_m[:, :2])
    )
    close = (ahead > 3.0) & (ahead < 60.0)
    inside = close & (beside < 1.0)
    first = int(np.argmax(inside)) if inside.any() else 0
    return bool(first) and bool((beside[max(first - 60, 0) : first][close[max(first - 60, 0) : first]] > 2.5).any())
