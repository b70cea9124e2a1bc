"""Ways that the vehicle may take: along its lane and the lanes that follow it, by each turn that they offer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from waymend.agents import Polyline
from waymend.geometry import wrapped

TURNS = ("left", "straight", "right")
STATIONS_M = np.arange(0.0, 121.0, dtype=np.float64)
"""Where a way has points, along it."""

_ON_LANE_M, _ON_LANE_RAD = 3.0, 0.8
_RAD_AS_M = 3.0
"""What an angle to a lane counts beside the distance from it."""
_JOINED_M, _JOINED_RAD = 1.0, 0.6
_BACK_TO_MIDDLE_M = 15.0
"""Over which distance a vehicle beside the middle of its lane comes back to it."""
_SHORTEST_STEP_M = 1e-3
_PREFERENCE: dict[str, Callable[[float], float]] = {
    "left": lambda turn_rad: -turn_rad,
    "straight": abs,
    "right": lambda turn_rad: turn_rad,
}
"""Of lanes that follow, the one with the least of this is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way ahead, in the ego frame.

    Attributes:
        on_lane: Whether a lane is known; else the way is straight on.
        offset_m: Left offset of the lane's middle from the vehicle.
        heading_rad: Of the lane beside the vehicle.
        points_m: [121, 2], at `STATIONS_M`; begins at the vehicle and comes to the middle of the lane.
        headings_rad: [121], without jumps.
    """

    on_lane: bool
    offset_m: float
    heading_rad: float
    points_m: NDArray[np.float64]
    headings_rad: NDArray[np.float64]

    def at(self, stations_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points [..., 2]; a way ends at its last point."""
        return np.stack([np.interp(stations_m, STATIONS_M, axis) for axis in self.points_m.T], axis=-1)


def lane_ways(polylines: Sequence[Polyline]) -> tuple[Way, ...]:
    """A way for each of `TURNS`; one and the same where the lanes offer no choice.

    The lane that the vehicle is on is the nearest one of about its direction; lanes follow each other where one begins
    where the other ends and goes on in its direction.
    """
    lanes = [lane for line in polylines if line.kind == "lane_centerline" and len(lane := _cleaned(line)) > 1]
    start = _lane_under(lanes)
    if start is None:
        headings: NDArray[np.float64] = np.zeros_like(STATIONS_M)
        return len(TURNS) * (Way(False, 0.0, 0.0, np.stack((STATIONS_M, headings), axis=1), headings),)
    routes = [_route(lanes, start, turn) for turn in TURNS]
    ways = {route: _way([lanes[number] for number in route], start) for route in routes}
    return tuple(ways[route] for route in routes)


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    """Where the vehicle is on a lane: behind point `segment`, at `foot_m`."""

    lane: int
    segment: int
    foot_m: NDArray[np.float64]
    heading_rad: float


def _lane_under(lanes: Sequence[NDArray[np.float64]]) -> _Start | None:
    found: list[tuple[float, _Start]] = []
    for number, points in enumerate(lanes):
        begins, steps = points[:-1], np.diff(points, axis=0)
        share = np.clip(-(begins * steps).sum(1) / (steps**2).sum(1), 0.0, 1.0)
        feet = begins + share[:, None] * steps
        away = np.hypot(*feet.T)
        nearest = int(away.argmin())
        heading = float(np.arctan2(steps[nearest, 1], steps[nearest, 0]))
        if away[nearest] < _ON_LANE_M and abs(heading) < _ON_LANE_RAD:
            cost = float(away[nearest]) + _RAD_AS_M * abs(heading)
            found.append((cost, _Start(number, nearest, feet[nearest], heading)))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _route(lanes: Sequence[NDArray[np.float64]], start: _Start, turn: str) -> tuple[int, ...]:
    """Numbers of the vehicle's lane and of those that follow, until they are long enough or none does."""
    route = [start.lane]
    length_m = _length(_rest(lanes[start.lane], start))
    while length_m < STATIONS_M[-1]:
        last = lanes[route[-1]]
        following = [n for n, lane in enumerate(lanes) if n not in route and _goes_on(last, lane)]
        if not following:
            break
        route.append(min(following, key=lambda n: _PREFERENCE[turn](_turn(last, lanes[n]))))
        length_m += _length(lanes[route[-1]])
    return tuple(route)


def _way(lanes: Sequence[NDArray[np.float64]], start: _Start) -> Way:
    """Along lanes, the first of which the vehicle is on."""
    middle = _extended(np.concatenate([_rest(lanes[0], start), *(lane[1:] for lane in lanes[1:])]))
    lengths = np.concatenate(([0.0], np.hypot(*np.diff(middle, axis=0).T).cumsum()))
    points = np.stack([np.interp(STATIONS_M, lengths, axis) for axis in middle.T], axis=1)
    points -= np.exp(-STATIONS_M / _BACK_TO_MIDDLE_M)[:, None] * start.foot_m
    steps = np.gradient(points, axis=0)
    headings = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    return Way(True, float(start.foot_m[1]), start.heading_rad, points, headings)


def _rest(lane: NDArray[np.float64], start: _Start) -> NDArray[np.float64]:
    """Of the vehicle's lane, from the vehicle on."""
    return np.concatenate((start.foot_m[None], lane[start.segment + 1 :]))


def _goes_on(before: NDArray[np.float64], after: NDArray[np.float64]) -> bool:
    joined = float(np.hypot(*(after[0] - before[-1]))) < _JOINED_M
    return joined and abs(wrapped(_heading(after[1] - after[0]) - _heading(before[-1] - before[-2]))) < _JOINED_RAD


def _turn(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """By how much the direction at the end of a lane is left of that at the end of the lane before."""
    return wrapped(_heading(after[-1] - after[-2]) - _heading(before[-1] - before[-2]))


def _extended(points_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Goes on straight where the lanes end."""
    kept = np.concatenate(([True], np.hypot(*np.diff(points_m, axis=0).T) > _SHORTEST_STEP_M))
    points_m = points_m[kept]
    step = points_m[-1] - points_m[-2] if len(points_m) > 1 else np.array([1.0, 0.0])
    end = points_m[-1] + (STATIONS_M[-1] + 1.0) * step / np.hypot(*step)
    return np.concatenate((points_m, end[None]))


def _cleaned(line: Polyline) -> NDArray[np.float64]:
    """Its points [N, 2], without those that repeat the one before."""
    points = np.asarray(line.points_ego_m, np.float64)
    return points[np.concatenate(([True], np.hypot(*np.diff(points, axis=0).T) > _SHORTEST_STEP_M))]


def _length(points_m: NDArray[np.float64]) -> float:
    return float(np.hypot(*np.diff(points_m, axis=0).T).sum())


def _heading(step: NDArray[np.float64]) -> float:
    return float(np.arctan2(step[1], step[0]))
