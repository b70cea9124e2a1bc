import numpy as np
import pytest
import shapely

from tests.training.data.traffic.conftest import CAR
from training.data.traffic.character import Character
from training.data.traffic.driver import Driver
from training.data.traffic.layouts.arms import draw_arm, way_through
from training.data.traffic.layouts.layout import Control, JunctionPlan
from training.data.traffic.network import CurveNetwork
from training.data.traffic.right_of_way import PHASE_S, Junction
from training.data.traffic.road import TrafficRoad

_STOP_M = 1.0
_ARM_M = 150.0


class Crossroads:
    """Two straight roads of one lane each way; arm 0 points east, the others follow counter-clockwise."""

    def __init__(self, control: Control, priorities: tuple[int, int, int, int] = (1, 1, 1, 1)) -> None:
        random = np.random.default_rng(2)
        self.arms = [draw_arm(random, n, n * np.pi / 2, 12.0, 1, 3.5, _ARM_M) for n in range(4)]
        network = CurveNetwork()
        for arm in self.arms:
            arm.add(network, 18.0)
        for start in self.arms:
            for end in self.arms:
                if start is not end:
                    network.add_lane(start.inward[1], end.outward[0], way_through(start, 0, end, 0))
        approaches = {arm.inward: (priorities[arm.number], arm.number % 2) for arm in self.arms}
        self.road = TrafficRoad(network, random)
        self.junction = Junction(JunctionPlan(control, approaches, _STOP_M), network)

    def driver(self, from_arm: int, to_arm: int, before_m: float) -> Driver:
        start, end = self.arms[from_arm], self.arms[to_arm]
        lane = self.road.network.get_lane((*start.inward, 0))
        route = ((*start.inward, 0), (start.inward[1], end.outward[0], None), (*end.outward, None))
        station = lane.length - before_m
        driver = Driver(self.road, (*start.inward, 0), station, CAR, Character(cruise_mps=10.0), 9.0, route)
        self.road.vehicles.append(driver)
        return driver

    def run(self, seconds: float, each_step=lambda time_s: None) -> None:
        for step in range(round(seconds / 0.1)):
            self.road.look()
            self.junction.regulate(self.road.vehicles, step * 0.1)
            self.road.act()
            self.road.step(0.1)
            each_step(step * 0.1)


def _entered(crossroads: Crossroads, drivers: list[Driver], seconds: float) -> list[float]:
    """When each driver's middle entered the junction; infinite where it has not."""
    times = [np.inf] * len(drivers)

    def note(time_s: float) -> None:
        for number, driver in enumerate(drivers):
            if driver.lane.connector:
                times[number] = min(times[number], time_s)

    crossroads.run(seconds, note)
    return times


def test_the_side_road_waits_for_the_priority_road() -> None:
    crossroads = Crossroads("priority", priorities=(3, 1, 3, 1))
    main, side = crossroads.driver(0, 2, before_m=60.0), crossroads.driver(1, 3, before_m=50.0)
    entered = _entered(crossroads, [main, side], 20.0)
    assert entered[0] == pytest.approx(60.0 / 9.7, abs=0.8)
    assert entered[0] + 1.0 < entered[1] < entered[0] + 6.0


def test_a_left_turn_gives_way_to_oncoming_traffic() -> None:
    crossroads = Crossroads("priority", priorities=(3, 1, 3, 1))
    straight, left = crossroads.driver(0, 2, before_m=60.0), crossroads.driver(2, 1, before_m=52.0)
    entered = _entered(crossroads, [straight, left], 20.0)
    assert entered[0] < entered[1] < np.inf


def test_a_red_signal_holds_and_a_green_one_lets_pass() -> None:
    crossroads = Crossroads("signals")
    green, red = crossroads.driver(0, 2, before_m=45.0), crossroads.driver(1, 3, before_m=45.0)
    entered = _entered(crossroads, [green, red], PHASE_S + 6.5)
    assert entered[0] < 6.0
    assert PHASE_S <= entered[1] < PHASE_S + 4.5


def test_everybody_stops_at_a_stop_sign_and_then_goes() -> None:
    crossroads = Crossroads("stop")
    drivers = [crossroads.driver(arm, (arm + 2) % 4, before_m=40.0 + 3 * arm) for arm in range(4)]
    slowest = [np.inf] * 4

    def note(_: float) -> None:
        for number, driver in enumerate(drivers):
            if not driver.lane.connector and driver.lane_index[0].startswith("in"):
                slowest[number] = min(slowest[number], float(driver.speed))

    crossroads.run(40.0, note)
    assert max(slowest) < 0.4
    assert all(driver.lane_index[0].startswith("from") for driver in drivers)


@pytest.mark.parametrize("control", ["signals", "stop", "priority"])
def test_nobody_collides_on_crossing_ways(control: Control) -> None:
    crossroads = Crossroads(control, priorities=(3, 1, 3, 1))
    ways = [(0, 2), (1, 3), (2, 1), (3, 0), (0, 1), (1, 2), (2, 0), (3, 1)]
    drivers = [
        crossroads.driver(start, end, before_m=35.0 + 22.0 * number) for number, (start, end) in enumerate(ways[:4])
    ]
    drivers += [
        crossroads.driver(start, end, before_m=60.0 + 22.0 * number) for number, (start, end) in enumerate(ways[4:])
    ]
    overlaps = 0

    def note(_: float) -> None:
        nonlocal overlaps
        boxes = [shapely.Polygon(driver.polygon()[:4]) for driver in drivers]
        overlaps += sum(boxes[i].intersects(boxes[j]) for i in range(len(boxes)) for j in range(i))

    crossroads.run(35.0, note)
    assert overlaps == 0
    assert sum(driver.lane_index[0].startswith("from") for driver in drivers) >= 5
