import numpy as np
import pytest

from training.data.drives.drive import Drive
from training.data.traffic.bodies import Body
from training.data.traffic.character import Character
from training.data.traffic.curve import winding
from training.data.traffic.curve_lane import CurveLane
from training.data.traffic.drive import synthesize_drive
from training.data.traffic.driver import Driver
from training.data.traffic.network import CurveNetwork
from training.data.traffic.road import TrafficRoad

CAR = Body("vehicle.car", (4.5, 1.8, 1.5))


@pytest.fixture(scope="session")
def drives() -> list[Drive]:
    """The first 25 drives of a seed."""
    return [synthesize_drive(index, seed=7) for index in range(25)]


@pytest.fixture(scope="session")
def driven() -> list[Drive]:
    """The same drives with ego tracks as they were driven, before they are logged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.data.traffic.drive.as_logged", lambda track, random: track)
        return [synthesize_drive(index, seed=7) for index in range(25)]


class TwoLanes:
    """A straight one-way road of two lanes along x; lane 0 lies at y = -1.75, lane 1 at y = -5.25."""

    def __init__(self) -> None:
        network = CurveNetwork()
        for lane in range(2):
            line = winding((0.0, -1.75 - 3.5 * lane, 0.0), [(600.0, 0.0)], ramp_m=1.0)
            network.add_lane("a", "b", CurveLane(line, 3.5))
        self.road = TrafficRoad(network, np.random.default_rng(0))

    def driver(self, lane: int, station_m: float, speed_mps: float, **options) -> Driver:
        character = options.pop("character", Character(cruise_mps=speed_mps))
        options = {"changes_lanes": False} | options
        driver = Driver(
            self.road, ("a", "b", lane), station_m, CAR, character, speed_mps, (("a", "b", None),), **options
        )
        self.road.vehicles.append(driver)
        return driver

    def run(self, seconds: float, each_step=lambda: None) -> None:
        for _ in range(round(seconds / 0.1)):
            self.road.look()
            each_step()
            self.road.act()
            for _ in range(2):
                self.road.step(0.05)


@pytest.fixture
def two_lanes() -> TwoLanes:
    return TwoLanes()
