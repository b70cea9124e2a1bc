"""Smooth lines, sampled about every metre."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Pose2 = tuple[float, float, float]
"""x (m), y (m), heading (rad)."""

_STEP_M = 1.0
_FINE_STEP_M = 0.25
_HANDLE_SHARE = 0.5523
"""Of the way to where the tangents meet: a cubic Bezier curve that is nearest to a quarter circle."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A line with its direction; straight on beyond both ends.

    Attributes:
        points_m: float64 [N, 2].
        headings_rad: float64 [N], without jumps.
        stations_m: float64 [N], distance along the line from its start.
    """

    points_m: NDArray[np.float64]
    headings_rad: NDArray[np.float64]
    stations_m: NDArray[np.float64]

    @classmethod
    def through(cls, points_m: NDArray[np.float64], headings_rad: NDArray[np.float64] | None = None) -> "Curve":
        """Of points no two of which are equal; headings by central differences where none are given."""
        steps = np.hypot(*np.diff(points_m, axis=0).T)
        stations = np.concatenate([[0.0], np.cumsum(steps)])
        if headings_rad is None:
            slopes = np.gradient(points_m, stations, axis=0)
            headings_rad = np.arctan2(slopes[:, 1], slopes[:, 0])
        return cls(points_m, np.unwrap(headings_rad).astype(np.float64), stations)

    @property
    def length_m(self) -> float:
        return float(self.stations_m[-1])

    @property
    def curvatures(self) -> NDArray[np.float64]:
        """1/m [N], positive to the left."""
        return np.gradient(self.headings_rad, self.stations_m)

    def poses(self, stations_m: ArrayLike) -> NDArray[np.float64]:
        """x, y, heading [M, 3] at stations [M]."""
        stations = np.atleast_1d(np.asarray(stations_m, np.float64))
        inside = np.clip(stations, 0.0, self.length_m)
        x, y, heading = (np.interp(inside, self.stations_m, v) for v in (*self.points_m.T, self.headings_rad))
        beyond = stations - inside
        return np.stack([x + beyond * np.cos(heading), y + beyond * np.sin(heading), heading], axis=1)

    def points(self, stations_m: ArrayLike, offset_m: ArrayLike = 0.0) -> NDArray[np.float64]:
        """Points [M, 2] at stations [M], `offset_m` to the left."""
        x, y, heading = self.poses(stations_m).T
        return np.stack([x - offset_m * np.sin(heading), y + offset_m * np.cos(heading)], axis=1)

    def offset(self, offset_m: float) -> "Curve":
        """The parallel line to the left; its stations are its own."""
        return Curve.through(self.points(self.stations_m, offset_m), self.headings_rad)

    def reversed(self) -> "Curve":
        return Curve.through(self.points_m[::-1], self.headings_rad[::-1] + np.pi)

    def piece(self, start_m: float, end_m: float) -> "Curve":
        """From one station to a later one, sampled anew."""
        poses = self.poses(np.linspace(start_m, end_m, max(2, round((end_m - start_m) / _STEP_M) + 1)))
        return Curve.through(poses[:, :2], poses[:, 2])

    def locate(
        self, points_m: NDArray[np.float64], within_m: tuple[float, float] = (-np.inf, np.inf)
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Stations [M] and offsets to the left [M] of points [M, 2], of the nearest sample's tangent.

        Args:
            within_m: Stations between which the samples are looked at; at least two are.
        """
        first, end = np.searchsorted(self.stations_m, within_m).tolist()
        first = min(first, len(self.stations_m) - 2)
        delta = points_m[:, None] - self.points_m[first : max(end, first + 2)]
        closest = np.argmin(np.einsum("ijk,ijk->ij", delta, delta), axis=1)
        x, y = delta[np.arange(len(points_m)), closest].T
        nearest = first + closest
        cos, sin = np.cos(self.headings_rad[nearest]), np.sin(self.headings_rad[nearest])
        return self.stations_m[nearest] + x * cos + y * sin, y * cos - x * sin


def winding(start: Pose2, pieces: list[tuple[float, float]], ramp_m: float) -> Curve:
    """Pieces of (length in m, curvature in 1/m); curvature changes linearly over `ramp_m` between them (clothoids)."""
    curvature = np.concatenate([np.full(round(length / _FINE_STEP_M), k) for length, k in pieces])
    window = max(1, round(ramp_m / _FINE_STEP_M))
    padded = np.pad(curvature, (window // 2, window - 1 - window // 2), mode="edge")
    smooth = np.convolve(padded, np.full(window, 1.0 / window), mode="valid")
    heading = start[2] + np.concatenate([[0.0], np.cumsum(smooth * _FINE_STEP_M)])
    middle = (heading[1:] + heading[:-1]) / 2
    steps = np.stack([np.cos(middle), np.sin(middle)], axis=1) * _FINE_STEP_M
    points = np.array(start[:2]) + np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    every = round(_STEP_M / _FINE_STEP_M)
    kept = np.append(np.arange(0, len(points) - every // 2, every), len(points) - 1)
    return Curve.through(points[kept], heading[kept])


def arc(center_m: tuple[float, float], radius_m: float, start_rad: float, end_rad: float) -> Curve:
    """Counter-clockwise part of a circle, between two angles seen from its middle."""
    count = max(3, round((end_rad - start_rad) * radius_m / _STEP_M) + 1)
    angles = np.linspace(start_rad, end_rad, count)
    points = np.array(center_m) + radius_m * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return Curve.through(points, angles + np.pi / 2)


def bend(start: Pose2, end: Pose2) -> Curve:
    """The smooth way from one pose to another, by a cubic Bezier curve."""
    first, last = np.array(start[:2]), np.array(end[:2])
    out, back = _unit(start[2]), -_unit(end[2])
    out_m, back_m = _handles(first, out, last, back)
    control = np.stack([first, first + out * out_m, last + back * back_m, last])
    share = np.linspace(0.0, 1.0, 200)[:, None]
    weights = np.hstack([(1 - share) ** 3, 3 * share * (1 - share) ** 2, 3 * share**2 * (1 - share), share**3])
    dense = Curve.through(weights @ control)
    return dense.piece(0.0, dense.length_m)


def _handles(
    first: NDArray[np.float64], out: NDArray[np.float64], last: NDArray[np.float64], back: NDArray[np.float64]
) -> tuple[float, float]:
    """Lengths of the control handles: a share of the way to where the tangents meet, or of the chord."""
    chord = last - first
    cross = out[0] * back[1] - out[1] * back[0]
    if abs(cross) > 0.2:
        to_meeting = (chord[0] * back[1] - chord[1] * back[0]) / cross
        from_meeting = (chord[0] * out[1] - chord[1] * out[0]) / cross
        if to_meeting > 1.0 and from_meeting > 1.0:
            return _HANDLE_SHARE * to_meeting, _HANDLE_SHARE * from_meeting
    length = float(np.hypot(*chord)) * 0.4
    return length, length


def _unit(heading_rad: float) -> NDArray[np.float64]:
    return np.array([np.cos(heading_rad), np.sin(heading_rad)])
