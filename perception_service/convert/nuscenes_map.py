"""The nuScenes map expansion around the ego vehicle."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from perception_service.convert.nuscenes_map_index import has_map, open_map
from waymend.frames.description import DrivableAreaDescription, MapDescription, PolylineDescription
from waymend.geometry import Pose

_RADIUS_M = 60.0
_DRIVABLE_RADIUS_M = 85.0
"""As far as the verifier lets a vehicle come: 3 s at 25 m/s, and its own length. Farther out is off the road."""
_SIMPLIFIED_M = 0.05
"""Lines are thinned where that moves them by less than this."""


def map_around(dataroot: Path, location: str, global_from_ego: Pose) -> MapDescription | None:
    """Polylines within 60 m and drivable areas within 85 m, in the ego frame; None without the map expansion."""
    if not has_map(dataroot, location):
        return None
    town = open_map(dataroot, location)
    x, y, _ = global_from_ego.translation_m
    patch, wide = (box(x - reach, y - reach, x + reach, y + reach) for reach in (_RADIUS_M, _DRIVABLE_RADIUS_M))
    areas = [area.intersection(wide) for area in town.areas_in(wide)]
    kerbs = (ring for area in areas for ring in _kerbs(area.intersection(patch), patch))
    lines = [*town.lines_in(patch), *(("road_boundary", ring) for ring in kerbs)]
    ego_from_global = global_from_ego.inverse()
    return MapDescription(
        polylines=[
            PolylineDescription(kind=kind, points_ego_m=_in_ego(part, ego_from_global))
            for kind, line in lines
            for part in _line_parts(line.intersection(patch).simplify(_SIMPLIFIED_M))
        ],
        drivable_areas=[
            DrivableAreaDescription(
                exterior_ego_m=_in_ego(part.exterior, ego_from_global),
                holes_ego_m=[_in_ego(hole, ego_from_global) for hole in part.interiors],
            )
            for area in areas
            for part in _polygon_parts(area)
        ],
    )


def _kerbs(area: BaseGeometry, patch: Polygon) -> Iterator[BaseGeometry]:
    """Outlines of an area, without the cuts along the patch's own border."""
    inside = patch.buffer(-0.01)
    return (part.boundary.intersection(inside) for part in _polygon_parts(area))


def _polygon_parts(area: BaseGeometry) -> list[Polygon]:
    parts = area.geoms if isinstance(area, MultiPolygon) or area.geom_type == "GeometryCollection" else [area]
    return [part for part in parts if isinstance(part, Polygon) and not part.is_empty]


def _line_parts(lines: BaseGeometry) -> list[LineString]:
    parts = getattr(lines, "geoms", [lines])
    return [part for part in parts if isinstance(part, LineString) and len(part.coords) > 1]


def _in_ego(line: LineString, ego_from_global: Pose) -> list[list[float]]:
    xy: NDArray[np.float64] = np.asarray(line.coords)[:, :2]
    flat = np.column_stack([xy, np.zeros(len(xy))])
    return _flat_pose(ego_from_global).apply(flat)[:, :2].round(4).tolist()


def _flat_pose(ego_from_global: Pose) -> Pose:
    """The map is flat, so that only yaw and the horizontal position count."""
    global_from_ego = ego_from_global.inverse()
    x, y, _ = global_from_ego.translation_m
    return Pose.from_yaw(global_from_ego.yaw_rad, (x, y, 0.0)).inverse()
