import numpy as np
import pytest

from tests.training.data.traffic.conftest import CAR, TwoLanes
from training.data.traffic.bodies import Body
from training.data.traffic.character import Character
from training.data.traffic.curve import winding
from training.data.traffic.curve_lane import CurveLane
from training.data.traffic.driver import Driver
from training.data.traffic.network import CurveNetwork
from training.data.traffic.road import Thing, TrafficRoad


def _speeds(two_lanes: TwoLanes, driver: Driver, seconds: float) -> np.ndarray:
    speeds: list[float] = []
    two_lanes.run(seconds, lambda: speeds.append(float(driver.speed)))
    return np.array(speeds)


def test_a_driver_stops_behind_something_in_its_lane_and_never_reverses(two_lanes: TwoLanes) -> None:
    driver = two_lanes.driver(0, 20.0, 12.0)
    two_lanes.road.objects.append(Thing(CAR, np.array([120.0, -1.75]), 0.0))
    speeds = _speeds(two_lanes, driver, 25.0)
    assert speeds[-1] == 0.0
    assert speeds.min() >= 0.0
    gap = 120.0 - driver.position[0] - CAR.size_lwh_m[0]
    assert 1.5 < gap < 4.5


def test_a_driver_leaves_a_closed_lane_for_the_free_one(two_lanes: TwoLanes) -> None:
    driver = two_lanes.driver(0, 20.0, 12.0)
    two_lanes.road.objects.append(Thing(CAR, np.array([160.0, -1.75]), 0.0, keep_off_m=6.0))
    two_lanes.run(16.0)
    assert driver.position[0] > 165.0
    assert driver.position[1] == pytest.approx(-5.25, abs=0.3)


def test_a_driver_follows_at_its_time_gap(two_lanes: TwoLanes) -> None:
    lead = two_lanes.driver(0, 60.0, 8.0)
    follower = two_lanes.driver(0, 20.0, 8.0, character=Character(cruise_mps=14.0, time_gap_s=1.4, jam_gap_m=2.5))
    two_lanes.run(30.0)
    gap = lead.position[0] - follower.position[0] - CAR.size_lwh_m[0]
    assert follower.speed == pytest.approx(8.0, abs=0.3)
    assert gap == pytest.approx(2.5 + 1.4 * 8.0, abs=2.5)


def test_a_lane_change_takes_as_long_as_the_character_says(two_lanes: TwoLanes) -> None:
    driver = two_lanes.driver(0, 20.0, 20.0, character=Character(cruise_mps=20.0, lane_change_s=4.0))
    places: list[float] = []
    driver.target_lane_index = ("a", "b", 1)
    two_lanes.run(8.0, lambda: places.append(float(driver.position[1])))
    share = (np.array(places) + 1.75) / -3.5
    assert np.flatnonzero(share > 0.5)[0] * 0.1 == pytest.approx(2.1, abs=0.4)
    assert np.flatnonzero(share > 0.95)[0] * 0.1 == pytest.approx(3.6, abs=0.6)
    assert np.abs(np.gradient(np.gradient(places, 0.1), 0.1)).max() < 2.5


def test_a_driver_passes_a_bicycle_within_its_lane(two_lanes: TwoLanes) -> None:
    bicycle = Body("vehicle.bicycle", (1.8, 0.6, 1.6))
    slow = Driver(
        two_lanes.road,
        ("a", "b", 0),
        80.0,
        bicycle,
        Character(cruise_mps=4.0),
        4.0,
        (("a", "b", None),),
        offset_m=-1.1,
        changes_lanes=False,
    )
    two_lanes.road.vehicles.append(slow)
    driver = two_lanes.driver(0, 20.0, 10.0)
    distances: list[float] = []
    two_lanes.run(20.0, lambda: distances.append(float(np.hypot(*(driver.position - slow.position)))))
    assert driver.position[0] > slow.position[0] + 20.0
    assert min(distances) > 0.9 + 0.3 + 0.4
    assert driver.position[1] == pytest.approx(-1.75, abs=0.2)


def test_a_driver_slows_down_for_a_bend() -> None:
    network = CurveNetwork()
    line = winding((0.0, 0.0, 0.0), [(120.0, 0.0), (70.0, 1 / 25.0), (80.0, 0.0)], ramp_m=10.0)
    network.add_lane("a", "b", CurveLane(line, 3.5))
    road = TrafficRoad(network, np.random.default_rng(0))
    character = Character(cruise_mps=14.0, lateral_mps2=2.4)
    driver = Driver(road, ("a", "b", 0), 10.0, CAR, character, 14.0, (("a", "b", None),))
    road.vehicles.append(driver)
    in_bend, off_line = [], []
    for _ in range(250):
        road.look()
        road.act()
        road.step(0.1)
        station, lateral = driver.lane.local_coordinates(driver.position)
        off_line.append(abs(lateral))
        if 130.0 < station < 180.0:
            in_bend.append(float(driver.speed))
    assert max(in_bend) ** 2 / 25.0 < 3.0
    assert driver.speed > 12.0
    assert max(off_line) < 0.5


def test_a_held_driver_stops_at_the_line(two_lanes: TwoLanes) -> None:
    driver = two_lanes.driver(0, 20.0, 12.0)
    two_lanes.run(15.0, lambda: driver.hold(100.0 - driver.position[0] - CAR.size_lwh_m[0] / 2))
    bumper = driver.position[0] + CAR.size_lwh_m[0] / 2
    assert driver.speed == 0.0
    assert 98.0 < bumper < 100.0
