"""The route of a scene and the command that follows from it, from the lanes driven and not from what got in the way."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from training.data.samples.route_lanes import NO_LANE, RouteLanes, match_lanes
from training.data.samples.scene_path import ScenePath

_STATION_M = 1.0
_SHORTEST_MOVE_M = 0.5
"""Less than this between poses is noise of a standing vehicle."""

_SMOOTHING_M = 10.0
_LONGEST_GAP_M = 30.0
_TURN_RAD = np.deg2rad(15.0)
_LOOK_AHEAD_S = 3.0
_LEAST_LOOK_AHEAD_M = 15.0


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The way through a scene, in metres from where the scene begins to where it ends.

    Attributes:
        timestamps_us: int64 [K], rising.
        progress_m: float64 [K], how far along the vehicle is then.
        heading_rad: float64 [S], direction of the route at each whole metre, unwrapped, global frame.
        on_lane: bool [S], whether a lane of the map gives the direction there.
    """

    timestamps_us: NDArray[np.int64]
    progress_m: NDArray[np.float64]
    heading_rad: NDArray[np.float64]
    on_lane: NDArray[np.bool_]

    def turn_ahead_rad(self, timestamp_us: int, reach_m: float) -> float:
        """The greatest change of direction, left positive, within a reach ahead of where the vehicle is then."""
        here = float(np.interp(timestamp_us, self.timestamps_us, self.progress_m)) / _STATION_M
        first = round(here)
        ahead = self.heading_rad[first : int(here + reach_m / _STATION_M) + 1]
        turned = ahead - self.heading_rad[min(first, len(self.heading_rad) - 1)]
        return float(turned[np.abs(turned).argmax()]) if len(turned) else 0.0


def route_of(path: ScenePath, lanes: RouteLanes | None) -> Route:
    """The lanes that a scene's path followed.

    Where no lane is within reach the path's own heading counts, averaged over 10 m; a gap of up to 30 m between two
    lanes is bridged evenly instead, so that passing an obstacle on the other side of the road is no turn. The route
    ends where the scene ends: what lies beyond is unknown, and a turn there is not seen.
    """
    moved = _where_moved(path.xy_m)
    steps = np.linalg.norm(np.diff(path.xy_m[moved], axis=0), axis=1)
    progress = np.concatenate([[0.0], np.cumsum(steps)])
    stations = np.arange(0.0, progress[-1] + 1e-9, _STATION_M)
    xy = np.column_stack([np.interp(stations, progress, path.xy_m[moved, axis]) for axis in (0, 1)])
    yaw = np.interp(stations, progress, path.yaw_rad[moved])
    heading, on_lane = _smoothed(yaw), np.zeros(len(stations), bool)
    if lanes is not None:
        points = match_lanes(xy, yaw, lanes)
        on_lane = points != NO_LANE
        heading = _along_lanes(heading, yaw, lanes.poses[points, 2] if len(lanes.poses) else yaw, on_lane)
    return Route(path.timestamps_us[moved], progress, heading, on_lane)


def route_command(route: Route, timestamp_us: int, speed_mps: float) -> str:
    """One of `waymend.vocabulary.COMMANDS`.

    Left or right where the route's direction turns by more than 15 degrees within the next 3 s at the present speed,
    or 15 m if that is more; a vehicle that waits before its turn has the turn's command already. A lane change or a
    swerve keeps to parallel lanes and is straight; off the map, such a swerve over less than about 20 m may count as a
    turn. Near the end of the scene only the route up to its end counts.
    """
    turn = route.turn_ahead_rad(timestamp_us, max(_LOOK_AHEAD_S * speed_mps, _LEAST_LOOK_AHEAD_M))
    if abs(turn) <= _TURN_RAD:
        return "straight"
    return "left" if turn > 0 else "right"


def _where_moved(xy_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices of the first pose and of each that is at least half a metre from the last one taken."""
    taken = [0]
    for i, xy in enumerate(xy_m):
        if np.hypot(*(xy - xy_m[taken[-1]])) >= _SHORTEST_MOVE_M:
            taken.append(i)
    return np.array(taken)


def _smoothed(yaw_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over 10 m around each station, over less at the ends."""
    half = round(_SMOOTHING_M / _STATION_M / 2)
    sums = np.concatenate([[0.0], np.cumsum(yaw_rad)])
    stations = np.arange(len(yaw_rad))
    reach = np.minimum(half, np.minimum(stations, len(yaw_rad) - 1 - stations))
    return (sums[stations + reach + 1] - sums[stations - reach]) / (2 * reach + 1)


def _along_lanes(
    driven_rad: NDArray[np.float64],
    yaw_rad: NDArray[np.float64],
    lane_rad: NDArray[np.float64],
    on_lane: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Directions of the lanes where there are any, on the branch of the vehicle's own unwrapped yaw."""
    near_yaw = yaw_rad + (lane_rad - yaw_rad + np.pi) % (2 * np.pi) - np.pi
    known = np.flatnonzero(on_lane)
    heading = np.where(on_lane, near_yaw, driven_rad)
    for before, after in pairwise(known.tolist()):
        if 1 < after - before <= _LONGEST_GAP_M / _STATION_M:
            between = np.arange(before + 1, after)
            heading[between] = np.interp(between, [before, after], near_yaw[[before, after]])
    return heading
