"""Where points lie along a path and beside it."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

_STRAIGHT_ON_M = 2000.0


@dataclass(frozen=True, slots=True, eq=False)
class PathFrame:
    """A line of P points [P, 2] in metres, and the way [P] to each of them from the frame's origin."""

    points_m: NDArray[np.float64]
    along_m: NDArray[np.float64]

    @classmethod
    def of_line(cls, points_m: NDArray[np.float64]) -> Self:
        """From at least two points; points that repeat the one before are left out."""
        moved = np.hypot(*np.diff(points_m, axis=0).T) > 1e-6
        points_m = points_m[np.concatenate(([True], moved))]
        way_m = np.cumsum(np.hypot(*np.diff(points_m, axis=0, prepend=points_m[:1]).T))
        return cls(points_m, way_m)

    @classmethod
    def extended(cls, points_m: NDArray[np.float64]) -> Self:
        """A path that leaves the origin along x, goes through [N, 2] points and straight on; 0 m at the origin."""
        knots_m = np.concatenate((np.zeros((1, 2)), points_m))
        last_m = knots_m[-1] - knots_m[-2] if len(knots_m) > 1 else np.array([1.0, 0.0])
        beyond_m = knots_m[-1] + last_m / np.hypot(*last_m) * _STRAIGHT_ON_M
        frame = cls.of_line(np.concatenate(([[-_STRAIGHT_ON_M, 0.0]], knots_m, [beyond_m])))
        return cls(frame.points_m, frame.along_m - _STRAIGHT_ON_M)

    def locate(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Way along the line to the nearest point of it, and distance from there, positive to the left, [N, 2]."""
        start_m, edge_m = self.points_m[:-1], np.diff(self.points_m, axis=0)
        length_m = np.hypot(edge_m[:, 0], edge_m[:, 1])
        apart_m = points_m[:, None] - start_m
        share = np.clip((apart_m * edge_m).sum(axis=-1) / length_m**2, 0.0, 1.0)
        beside_m = apart_m - share[..., None] * edge_m
        distance_m = np.hypot(beside_m[..., 0], beside_m[..., 1])
        rows, nearest = np.arange(len(points_m)), distance_m.argmin(axis=1)
        edge, apart = edge_m[nearest], apart_m[rows, nearest]
        left = edge[:, 0] * apart[:, 1] - edge[:, 1] * apart[:, 0]
        along_m = self.along_m[nearest] + share[rows, nearest] * length_m[nearest]
        return np.stack((along_m, np.copysign(distance_m[rows, nearest], left)), axis=1)

    def heading_rad(self, along_m: float) -> float:
        """Direction of the line at a way along it."""
        edge = int(np.clip(np.searchsorted(self.along_m, along_m, side="right") - 1, 0, len(self.points_m) - 2))
        x_m, y_m = self.points_m[edge + 1] - self.points_m[edge]
        return float(np.arctan2(y_m, x_m))
