"""Polygons and lines that are fit for use, out of points that may not be."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Points = NDArray[np.float64]

_SAME_POINT_M = 1e-3
_CORNERS = 3


def distinct(points_m: Points) -> NDArray[np.bool_]:
    """Which points [N] do not repeat the one before them."""
    steps = np.linalg.norm(np.diff(points_m, axis=0), axis=1)
    return np.concatenate([np.ones(min(len(points_m), 1), bool), steps > _SAME_POINT_M])


def polygons_of(shape: BaseGeometry) -> list[Polygon]:
    """The valid polygons that a shape consists of; its lines and points fall away."""
    return [
        part
        for part in shapely.get_parts(shapely.get_parts(shapely.make_valid(shape)))
        if isinstance(part, Polygon) and not part.is_empty
    ]


def polygon_through(points_m: Points) -> Polygon | None:
    """The polygon with these corners, closed or not, its largest part where it crosses itself; None without area."""
    corners = points_m[distinct(points_m)]
    if len(corners) < _CORNERS:
        return None
    return largest(polygons_of(Polygon(corners)))


def largest(polygons: list[Polygon]) -> Polygon | None:
    return max(polygons, key=lambda polygon: polygon.area, default=None)


def multi_polygon(shape: BaseGeometry) -> MultiPolygon:
    return MultiPolygon(polygons_of(shape))


def strip(line_m: Points, left_m: NDArray[np.float64], right_m: NDArray[np.float64]) -> Polygon | None:
    """The area beside a line of distinct points [N, 2], N >= 2, with flat ends.

    It is made of one quadrilateral per segment, so that it holds in bends tighter than its width.

    Args:
        line_m: The line.
        left_m, right_m: How far the strip reaches to either side of each point, [N].
    """
    sideways = _sideways(line_m)
    left = line_m + left_m[:, None] * sideways
    right = line_m - right_m[:, None] * sideways
    corners = np.stack([left[:-1], right[:-1], right[1:], left[1:]], axis=1)
    segments = shapely.make_valid(shapely.polygons(corners))
    return largest(polygons_of(shapely.union_all(segments)))


def _sideways(line_m: Points) -> Points:
    """Unit vectors [N, 2] to the left of a line, at its points."""
    forward = np.diff(line_m, axis=0)
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    forward = np.concatenate([forward[:1], forward[:-1] + forward[1:], forward[-1:]])
    forward /= np.maximum(np.linalg.norm(forward, axis=1, keepdims=True), _SAME_POINT_M)
    return np.stack([-forward[:, 1], forward[:, 0]], axis=1)
