"""The path under a true trajectory: a smooth line through its waypoints, apart from how fast it is driven."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator

_KNOT_SPACING_M = 1.0
"""Waypoints nearer than this to the last one say nothing about direction."""
_SAMPLING_M = 0.2
_PROJECTION_REACH_M = 2 * _KNOT_SPACING_M


def path_through(waypoints_ego_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """A dense line [K, 2] from the origin through waypoints [T, 2], leaving along the ego x axis.

    Cubic spline over chord length. A vehicle that reverses leaves backwards; one that moves less than a metre has a
    path of one step straight ahead.
    """
    knots = [np.zeros(2)]
    for waypoint in waypoints_ego_m:
        if np.hypot(*(waypoint - knots[-1])) >= _KNOT_SPACING_M:
            knots.append(waypoint)
    if len(knots) == 1:
        return np.array([[0.0, 0.0], [_SAMPLING_M, 0.0]])
    leaving = np.array([-1.0 if knots[1][0] < 0 else 1.0, 0.0])
    chords = np.linalg.norm(np.diff(knots, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(chords)])
    spline = CubicSpline(at, np.array(knots), bc_type=((1, leaving), "not-a-knot"))
    return spline(np.linspace(0.0, at[-1], int(np.ceil(at[-1] / _SAMPLING_M)) + 1))


def along_path(path_m: NDArray[np.float64], arc_lengths_m: ArrayLike) -> NDArray[np.float64]:
    """Points [T, 2] at distances [T] along a line [K, 2] that goes on straight before its start and beyond its end."""
    at, stations, steps = _located(path_m, arc_lengths_m)
    lengths = np.diff(stations)
    share = (np.asarray(arc_lengths_m, np.float64) - stations[at]) / lengths[at]
    return path_m[at] + share[:, None] * steps[at]


def headings_along(path_m: NDArray[np.float64], arc_lengths_m: ArrayLike) -> NDArray[np.float64]:
    """Directions [T] (rad) of a line [K, 2] at distances [T] along it."""
    at, _, steps = _located(path_m, arc_lengths_m)
    return np.arctan2(steps[at, 1], steps[at, 0])


def beside_path(
    path_m: NDArray[np.float64], arc_lengths_m: ArrayLike, left_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Points [T, 2] at distances [T] along a line and `left_m` [T] to its left."""
    heading = headings_along(path_m, arc_lengths_m)
    return along_path(path_m, arc_lengths_m) + left_m[:, None] * np.stack([-np.sin(heading), np.cos(heading)], axis=1)


def turned_along(path_m: NDArray[np.float64]) -> float:
    """How much a line turns from start to end, radians, left positive."""
    steps = np.diff(path_m, axis=0)
    heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    return float(heading[-1] - heading[0])


@dataclass(frozen=True, slots=True, eq=False)
class DrivenPath:
    """A true trajectory as path and progress.

    Attributes:
        path_m: float64 [K, 2], the dense line, ego frame.
        times_s: float64 [T], of the waypoints.
        progress_m: float64 [T], how far along the line they are; never falls.
        residual_m: float64 [T, 2], from the line to the waypoints: centimetres, where they hardly move.
    """

    path_m: NDArray[np.float64]
    times_s: NDArray[np.float64]
    progress_m: NDArray[np.float64]
    residual_m: NDArray[np.float64]

    @classmethod
    def of(cls, waypoints_ego_m: NDArray[np.float64], times_s: NDArray[np.float64]) -> "DrivenPath":
        path = path_through(waypoints_ego_m)
        end = along_path(path, [_length(path) + _PROJECTION_REACH_M])
        line = shapely.LineString(np.concatenate([path, end]))
        progress = np.maximum.accumulate(shapely.line_locate_point(line, shapely.points(waypoints_ego_m)))
        return cls(path, times_s, progress, waypoints_ego_m - along_path(path, progress))

    def progress_at(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Progress at times from 0 to the horizon; monotone cubic interpolation."""
        return self._profile()(times_s)

    def speed_at(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Speed along the line, m/s, never negative."""
        return np.maximum(self._profile().derivative()(times_s), 0.0)

    def _profile(self) -> PchipInterpolator:
        return PchipInterpolator(np.concatenate([[0.0], self.times_s]), np.concatenate([[0.0], self.progress_m]))


def _length(path_m: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(np.diff(path_m, axis=0), axis=1).sum())


def _located(
    path_m: NDArray[np.float64], arc_lengths_m: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Segment of each distance, stations [K] of the line's points, and its segments as vectors [K - 1, 2]."""
    steps = np.diff(path_m, axis=0)
    stations = np.concatenate([[0.0], np.cumsum(np.linalg.norm(steps, axis=1))])
    at = np.clip(np.searchsorted(stations, arc_lengths_m, side="right") - 1, 0, len(steps) - 1)
    return at, stations, steps
