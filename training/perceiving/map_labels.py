"""What the BEV map should show of the road: where one may drive, and the lines between and beside lanes."""

import numpy as np
import shapely
from numpy.typing import NDArray

from training.perceiving.raster_grid import RasterGrid
from waymend.agents import DrivableArea, Polyline, VectorMap
from waymend.geometry import Pose

MAP_LABELS = ("drivable_area", "lane_divider", "road_boundary")
KNOWN_RADIUS_M = 60.0
"""A key frame holds the map within a square of twice this width, whose axes are those of the global frame."""
_STEPS_PER_CELL = 4


def map_labels(
    road_map: VectorMap | None, ego_from_lidar: Pose, grid: RasterGrid
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rasters [3, X, Y] in the order of `MAP_LABELS`, and whether they are known, [3, X, Y].

    A cell is drivable where its centre is, and on a line where the line passes through it. Unknown is what lies
    beyond `KNOWN_RADIUS_M`, and everything without a map; drivable area also where the map has none.
    """
    labels, known = np.zeros((2, len(MAP_LABELS), *grid.shape), bool)
    if road_map is None:
        return labels, known
    centres_ego_m = grid.centres_ego_m(ego_from_lidar)
    known[:] = np.hypot(centres_ego_m[..., 0], centres_ego_m[..., 1]) <= KNOWN_RADIUS_M
    known[0] &= len(road_map.drivable_areas) > 0
    for area in road_map.drivable_areas:
        labels[0] |= _inside(area, centres_ego_m)
    for line in road_map.polylines:
        if line.kind in MAP_LABELS:
            _draw(labels[MAP_LABELS.index(line.kind)], line, ego_from_lidar, grid)
    return labels & known, known


def _inside(area: DrivableArea, points_ego_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    if len(area.exterior_ego_m) < 3:
        return np.zeros(points_ego_m.shape[:-1], bool)
    polygon = shapely.Polygon(area.exterior_ego_m, [hole for hole in area.holes_ego_m if len(hole) >= 3])
    shapely.prepare(polygon)
    return shapely.contains_xy(polygon, points_ego_m[..., 0], points_ego_m[..., 1])


def _draw(raster: NDArray[np.bool_], line: Polyline, ego_from_lidar: Pose, grid: RasterGrid) -> None:
    points_ego_m = _densely(line.points_ego_m.astype(np.float64), min(grid.cell_size_m) / _STEPS_PER_CELL)
    on_ground = np.column_stack((points_ego_m, np.zeros(len(points_ego_m))))
    cells, on_map = grid.cells(ego_from_lidar.inverse().apply(on_ground))
    raster[tuple(cells[on_map].T)] = True


def _densely(points_m: NDArray[np.float64], step_m: float) -> NDArray[np.float64]:
    """The line [N, 2] with points at most `step_m` apart."""
    lengths_m = np.linalg.norm(np.diff(points_m, axis=0), axis=1)
    along_m = np.concatenate(([0.0], np.cumsum(lengths_m)))
    places_m = np.linspace(0.0, along_m[-1], int(np.ceil(along_m[-1] / step_m)) + 1)
    return np.column_stack([np.interp(places_m, along_m, axis) for axis in points_m.T])
