"""People on foot: along pavements, and over crossings when drivers can stop."""

import numpy as np
from numpy.typing import NDArray

from training.data.traffic.bodies import Body
from training.data.traffic.curve import Curve
from training.data.traffic.driver import Driver
from training.data.traffic.layouts.layout import CrossingSite, LaneCut
from training.data.traffic.road import Thing

_STOP_BEFORE_M = 1.3
_HELD_BEFORE_M = 4.5
"""How far from a lane a walker is when its drivers begin to wait."""


class Walker(Thing):
    """Someone who walks along a way, and waits at the kerb where there is one.

    Args:
        kerb_m: Station where the walker waits for `released` and for a gap; None on pavements.
        braking_mps2: What it expects of drivers at the most.
    """

    def __init__(
        self,
        body: Body,
        way: Curve,
        pace_mps: float,
        site: CrossingSite | None = None,
        kerb_m: float = 0.0,
        braking_mps2: float = 2.5,
    ) -> None:
        super().__init__(body, way.points(0.0)[0], float(way.headings_rad[0]), pace_mps)
        self.way, self.pace_mps, self.site, self.kerb_m = way, pace_mps, site, kerb_m
        self.braking_mps2 = braking_mps2
        self.station_m = 0.0
        self.released = site is None
        self.started = False
        self._yielding: set[int] = set()

    def step(self, dt: float) -> None:
        waits = self.site is not None and not self.started and self.station_m >= self.kerb_m
        self.speed = 0.0 if waits else self.pace_mps
        self.station_m = min(self.station_m + self.speed * dt, self.way.length_m)
        if self.station_m >= self.way.length_m:
            self.speed = 0.0
        x, y, heading = self.way.poses(self.station_m)[0].tolist()
        self.position, self.heading = np.array([x, y]), heading

    def consider(self, drivers: list[Driver]) -> None:
        """Starts to cross when released, at the kerb, and every driver has passed or can stop."""
        if self.site is None or self.started or not self.released or self.station_m < self.kerb_m:
            return
        self.started = all(self._safe(driver, cut) for driver in drivers for cut in self.site.cuts)

    def hold(self, drivers: list[Driver]) -> None:
        """Makes drivers wait before the lanes that it is on or soon will be, and while it waits, those who can."""
        if self.site is None or not self.released or self.station_m < self.kerb_m:
            return
        walked = self.station_m - self.kerb_m
        for cut in self.site.cuts:
            if not self.started or cut.walk_m[0] - _HELD_BEFORE_M < walked < cut.walk_m[1] + 0.6:
                self._hold_at(cut, drivers)

    def _hold_at(self, cut: LaneCut, drivers: list[Driver]) -> None:
        for driver in drivers:
            distance = bumper_distance(driver, cut)
            if distance is None or distance <= -0.3:
                continue
            if distance > stopping_distance(driver.speed, self.braking_mps2):
                self._yielding.add(id(driver))
            if self.started or id(driver) in self._yielding:
                driver.hold(max(distance - _STOP_BEFORE_M, 0.05))

    def _safe(self, driver: Driver, cut: LaneCut) -> bool:
        distance = bumper_distance(driver, cut)
        if distance is None or distance < -(driver.LENGTH + cut.lane_m[1] - cut.lane_m[0]):
            return True
        return distance > stopping_distance(driver.speed, self.braking_mps2) or (driver.speed < 0.3 and distance > 0.0)


def stopping_distance(speed_mps: float, braking_mps2: float) -> float:
    """Metres to a crossing from which a driver stops before it, after 0.4 s to react."""
    return _STOP_BEFORE_M + 0.4 * speed_mps + speed_mps**2 / (2 * braking_mps2)


def bumper_distance(driver: Driver, cut: LaneCut) -> float | None:
    """From the front bumper to where the crossing begins, along the driver's way; None if it leads elsewhere."""
    for index, start in driver.lanes_ahead():
        if index == cut.lane_index:
            return start + cut.lane_m[0] - driver.LENGTH / 2
    return None


def crossing_way(site: CrossingSite, backwards: bool, before_m: float, random: np.random.Generator) -> Curve:
    """From a place on one pavement, over the crossing, and on along the other; the kerb is at `before_m`."""
    start, end = site.way_m[::-1] if backwards else site.way_m
    across = (end - start) / np.hypot(*(end - start))
    along = np.array([-across[1], across[0]]) * random.choice([-1.0, 1.0])
    corners = np.array([start + along * before_m, start, end, end - along * random.choice([-1.0, 1.0]) * 40.0])
    return rounded(corners)


def rounded(corners_m: NDArray[np.float64]) -> Curve:
    """A walker's way through corners, a little rounded."""
    lengths = np.hypot(*np.diff(corners_m, axis=0).T)
    stations = np.concatenate([[0.0], np.cumsum(lengths)])
    dense = np.arange(0.0, stations[-1], 0.25)
    points = np.stack([np.interp(dense, stations, corners_m[:, axis]) for axis in (0, 1)], axis=1)
    return Curve.through(points)
