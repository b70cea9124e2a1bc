"""Who may enter a junction now: signals, stop signs, priority, and the gaps that turning takes."""

from typing import NamedTuple

import numpy as np
from highway_env.road.road import LaneIndex

from training.data.traffic.curve_lane import CurveLane
from training.data.traffic.driver import Driver
from training.data.traffic.layouts.layout import JunctionPlan
from training.data.traffic.network import CurveNetwork

_CONFLICT_M = 2.7
_ASKS_WITHIN_M = 20.0
GREEN_S, PHASE_S = 16.0, 19.0
"""Of two phases in turn, with time between them to clear the junction."""
_GAP_S = 1.5
_SLOWEST_MPS = 1.5
_UNSTOPPABLE_MPS2 = 3.5
_TURNING_MPS = 6.0

Span = tuple[float, float]


class Conflict(NamedTuple):
    """Where two ways through a junction come near each other: stations on the own and on the other lane."""

    other: LaneIndex
    own_m: Span
    other_m: Span


class _Asking(NamedTuple):
    driver: Driver
    connector: LaneIndex
    line_m: float
    rank: tuple[int, int]


class Junction:
    """Grants ways through one at a time where they conflict; whoever has none is held at the line.

    Args:
        green_at_s: When signals of the phase `green_phase` turn green.
    """

    def __init__(
        self, plan: JunctionPlan, network: CurveNetwork, green_at_s: float = 0.0, green_phase: int = 0
    ) -> None:
        self._plan, self._network = plan, network
        self._first_green_s = green_at_s - green_phase * PHASE_S
        self._gated = {index for index, _ in network.lanes() if self._approach_of(index)}
        self._conflicts = {index: _conflicts(network, index, self._gated) for index in self._gated}
        self._turns = {index: _turn(network.get_lane(index)) for index in self._gated}

    def regulate(self, drivers: list[Driver], time_s: float) -> None:
        """Grants and holds, for one decision of all drivers."""
        ahead = {id(driver): dict(driver.lanes_ahead()) for driver in drivers}
        for driver in drivers:
            if driver.granted and driver.granted not in ahead[id(driver)]:
                driver.granted = None
        for asking in self._asking(drivers, ahead, time_s):
            if self._may_go(asking, drivers, ahead, time_s):
                asking.driver.granted = asking.connector
            else:
                asking.driver.hold(asking.line_m)

    def green(self, connector: LaneIndex, time_s: float) -> bool:
        """Whether signals allow it; always true without signals."""
        if self._plan.control != "signals":
            return True
        approach = self._approach_of(connector)
        assert approach is not None
        since_green = time_s - self._first_green_s - self._plan.approaches[approach][1] * PHASE_S
        return since_green % (2 * PHASE_S) < GREEN_S

    def _approach_of(self, connector: LaneIndex) -> tuple[str, str] | None:
        return next((road for road in self._plan.approaches if road[1] == connector[0]), None)

    def _asking(self, drivers: list[Driver], ahead: dict[int, dict], time_s: float) -> list[_Asking]:
        """The first ungranted driver of each lane that leads in, the one of highest rank first."""
        firsts: dict[LaneIndex, _Asking] = {}
        for driver in drivers:
            entry = next(((index, start) for index, start in ahead[id(driver)].items() if index in self._gated), None)
            if entry is None or driver.granted == entry[0]:
                continue
            connector, start = entry
            line = start - driver.LENGTH / 2 - self._plan.stop_m
            self._note_stop(driver, line, time_s)
            asking = _Asking(driver, connector, line, self._rank(connector))
            lane = driver.target_lane_index
            if lane not in firsts or line < firsts[lane].line_m:
                firsts[lane] = asking
        return sorted(firsts.values(), key=lambda a: (-a.rank[0], -a.rank[1], a.driver.stopped_since_s or time_s))

    def _rank(self, connector: LaneIndex) -> tuple[int, int]:
        """Priority of the road, then straight and right before left."""
        approach = self._approach_of(connector)
        assert approach is not None
        return self._plan.approaches[approach][0], 0 if self._turns[connector] > 0.6 else 1

    def _note_stop(self, driver: Driver, line_m: float, time_s: float) -> None:
        if driver.speed < 0.4 and line_m < 3.5 and driver.stopped_since_s is None:
            driver.stopped_since_s = time_s

    def _may_go(self, asking: _Asking, drivers: list[Driver], ahead: dict[int, dict], time_s: float) -> bool:
        driver, line = asking.driver, asking.line_m
        if driver.speed**2 / (2 * _UNSTOPPABLE_MPS2) > max(line, 0.0) + 0.5 and driver.speed > 2.0:
            return True
        if line > _ASKS_WITHIN_M + driver.speed**2 / 4 or not self.green(asking.connector, time_s):
            return False
        if self._plan.control == "stop" and driver.stopped_since_s is None:
            return False
        if self._exit_full(asking, drivers):
            return False
        return all(
            self._clear(asking, conflict, other, ahead[id(other)][conflict.other], time_s)
            for conflict in self._conflicts[asking.connector]
            for other in drivers
            if other is not driver and conflict.other in ahead[id(other)]
        )

    def _clear(self, asking: _Asking, conflict: Conflict, other: Driver, start_m: float, time_s: float) -> bool:
        """Whether the other's way leaves enough time at the place where both come near each other."""
        enters, leaves = (
            start_m + conflict.other_m[0] - other.LENGTH / 2,
            start_m + conflict.other_m[1] + other.LENGTH / 2,
        )
        if leaves < 0.0:
            return True
        pace = max(other.speed, _SLOWEST_MPS)
        start = asking.line_m + asking.driver.LENGTH / 2 + self._plan.stop_m
        own_enter = _travel_s(start + conflict.own_m[0] - asking.driver.LENGTH / 2, asking)
        own_leave = _travel_s(start + conflict.own_m[1] + asking.driver.LENGTH / 2, asking)
        if leaves / pace + 0.7 < own_enter and (other.speed > 2.0 or leaves < 3.0):
            return True
        if conflict.other in self._gated:
            if other.granted == conflict.other or enters < 0.0:
                return False
            if self._rank(conflict.other) <= asking.rank or not self.green(conflict.other, time_s):
                return True
        return own_leave + _GAP_S < max(enters, 0.0) / pace

    def _exit_full(self, asking: _Asking, drivers: list[Driver]) -> bool:
        """Whether someone stands where the way through ends."""
        plan = asking.driver.plan
        place = plan.index(asking.connector) + 1
        room = asking.driver.LENGTH + 4.0
        return place < len(plan) and any(
            other.lane_index == plan[place]
            and other.speed < 1.0
            and other.lane.local_coordinates(other.position)[0] - other.LENGTH / 2 < room
            for other in drivers
        )


def _conflicts(network: CurveNetwork, index: LaneIndex, gated: set[LaneIndex]) -> list[Conflict]:
    """All lanes of the junction that come near one, but those that start or go on with it."""
    lane = network.get_lane(index)
    found = []
    for other_index, other in network.lanes():
        apart = other_index[0] != index[0] and other_index[0] != index[1]
        if not other.connector or not apart:
            continue
        distances = np.hypot(*(lane.curve.points_m[:, None] - other.curve.points_m).T).T
        near = distances < _CONFLICT_M
        if near.any():
            own, others = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
            found.append(Conflict(other_index, _span(lane, own), _span(other, others)))
    return found


def _span(lane: CurveLane, numbers: np.ndarray) -> Span:
    return float(lane.curve.stations_m[numbers[0]]), float(lane.curve.stations_m[numbers[-1]])


def _turn(lane: CurveLane) -> float:
    return float(lane.curve.headings_rad[-1] - lane.curve.headings_rad[0])


def _travel_s(distance_m: float, asking: _Asking) -> float:
    """Time to get there when going now, up to a usual speed through junctions."""
    driver = asking.driver
    top = max(_TURNING_MPS, min(driver.speed, driver.cruise_mps))
    acceleration = driver.COMFORT_ACC_MAX * 0.7
    rising_m = max(top**2 - driver.speed**2, 0.0) / (2 * acceleration)
    if distance_m <= 0.0:
        return 0.0
    if distance_m < rising_m:
        return float((np.sqrt(driver.speed**2 + 2 * acceleration * distance_m) - driver.speed) / acceleration)
    return float((top - driver.speed) / acceleration + (distance_m - rising_m) / top)
