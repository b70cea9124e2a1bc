"""A smooth line of straight pieces and arcs, with exact stations, offsets and inverse."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

_STRAIGHT = 1e-9


class ArcLine:
    """Pieces of constant curvature that join without a kink; straight on before the first and after the last.

    A station is a distance along the line; an offset is a distance to its left.

    Args:
        start: x (m), y (m), heading (rad) at station 0.
        pieces: (length in m, curvature in 1/m, positive to the left) of each piece.
    """

    def __init__(self, start: tuple[float, float, float], pieces: Sequence[tuple[float, float]]) -> None:
        self._pieces = tuple(pieces)
        self._stations_m = np.cumsum([0.0, *(length for length, _ in pieces)])
        self._poses = [np.asarray(start, np.float64)]
        for length, curvature in pieces:
            self._poses.append(_along(self._poses[-1], np.array([length]), curvature)[0])

    @property
    def length_m(self) -> float:
        return float(self._stations_m[-1])

    def poses(self, stations_m: ArrayLike) -> NDArray[np.float64]:
        """x, y, heading [N, 3] at stations [N]."""
        stations = np.atleast_1d(np.asarray(stations_m, np.float64))
        piece = self._piece_of(stations)
        poses = np.empty((len(stations), 3))
        for number in np.unique(piece):
            chosen = piece == number
            start, beyond = self._start(int(number))
            poses[chosen] = _along(start, stations[chosen] - beyond, self._curvature(int(number)))
        return poses

    def curvatures(self, stations_m: ArrayLike) -> NDArray[np.float64]:
        """Curvature [N] in 1/m at stations [N]."""
        piece = self._piece_of(np.atleast_1d(np.asarray(stations_m, np.float64)))
        return np.array([self._curvature(int(number)) for number in piece])

    def points(self, stations_m: ArrayLike, offset_m: ArrayLike) -> NDArray[np.float64]:
        """Points [N, 2] at stations and offsets."""
        x, y, heading = self.poses(stations_m).T
        return np.stack([x - offset_m * np.sin(heading), y + offset_m * np.cos(heading)], axis=1)

    def offset(self, offset_m: float) -> Self:
        """The parallel line; its stations are its own, see `offset_station`."""
        x, y, heading = self._poses[0]
        start = (x - offset_m * np.sin(heading), y + offset_m * np.cos(heading), heading)
        return type(self)(start, [(length * (1 - k * offset_m), k / (1 - k * offset_m)) for length, k in self._pieces])

    def offset_station(self, station_m: float, offset_m: float) -> float:
        """Station on the parallel line beside a station within this one."""
        parallel = self.offset(offset_m)
        return float(np.interp(station_m, self._stations_m, parallel._stations_m))

    def reversed(self) -> Self:
        """The same line driven the other way."""
        x, y, heading = self._poses[-1]
        return type(self)(
            (x, y, heading + np.pi), [(length, -curvature) for length, curvature in reversed(self._pieces)]
        )

    def locate(self, points_m: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Station [N] and offset [N] of points [N, 2] that lie nearer than the radius of each arc."""
        stations = np.full(len(points_m), np.nan)
        offsets = np.full(len(points_m), np.inf)
        for number in range(-1, len(self._pieces) + 1):
            start, beyond = self._start(number)
            station, offset = _project(points_m, start, self._curvature(number))
            station += beyond
            low = -np.inf if number < 0 else self._stations_m[number]
            high = np.inf if number >= len(self._pieces) else self._stations_m[number + 1]
            nearer = (station >= low - 1e-6) & (station <= high + 1e-6) & (np.abs(offset) < np.abs(offsets))
            stations[nearer], offsets[nearer] = station[nearer], offset[nearer]
        return stations, offsets

    def _piece_of(self, stations: NDArray[np.float64]) -> NDArray[np.int64]:
        """-1 before the line, the number of pieces after it."""
        return np.searchsorted(self._stations_m, stations, side="right") - 1

    def _curvature(self, number: int) -> float:
        return self._pieces[number][1] if 0 <= number < len(self._pieces) else 0.0

    def _start(self, number: int) -> tuple[NDArray[np.float64], float]:
        """Pose and station from which a piece is measured."""
        first = max(number, 0)
        return self._poses[first], float(self._stations_m[first])


def _along(start: NDArray[np.float64], distance_m: NDArray[np.float64], curvature: float) -> NDArray[np.float64]:
    x, y, heading = start
    turn = curvature * distance_m
    if abs(curvature) < _STRAIGHT:
        forward, left = distance_m, np.zeros_like(distance_m)
    else:
        forward, left = np.sin(turn) / curvature, (1 - np.cos(turn)) / curvature
    cos, sin = np.cos(heading), np.sin(heading)
    return np.stack([x + forward * cos - left * sin, y + forward * sin + left * cos, heading + turn], axis=1)


def _project(
    points_m: NDArray[np.floating], start: NDArray[np.float64], curvature: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance along and to the left of one endless piece."""
    cos, sin = np.cos(start[2]), np.sin(start[2])
    dx, dy = points_m[:, 0] - start[0], points_m[:, 1] - start[1]
    forward, left = dx * cos + dy * sin, dy * cos - dx * sin
    if abs(curvature) < _STRAIGHT:
        return forward, left
    side = np.sign(curvature)
    radius = 1 / abs(curvature)
    angle = np.arctan2(forward, radius - side * left)
    return angle * radius, side * (radius - np.hypot(forward, radius - side * left))
