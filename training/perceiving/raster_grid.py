"""The cells of the BEV map, as places on the ground."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from training.recipe.grid import BevGrid
from waymend.geometry import Pose


@dataclass(frozen=True, slots=True)
class RasterGrid:
    """Cells in the LiDAR frame; rasters are [..., X, Y], x first, like BEVFusion's maps.

    Attributes:
        shape: Cells along x and y.
        cell_size_m: Extents of a cell along x and y.
        low_corner_m: x and y of the low corner.
    """

    shape: tuple[int, int]
    cell_size_m: tuple[float, float]
    low_corner_m: tuple[float, float]

    @classmethod
    def of(cls, perception: Mapping[str, Any]) -> Self:
        """The grid of a perception configuration's BEV map."""
        grid = BevGrid.of(perception)
        cells_x, cells_y = (round(cells) for cells in grid.bev_size)
        size_x, size_y = (grid.stride * size for size in grid.voxel_size[:2])
        low_x, low_y = grid.point_cloud_range[:2]
        return cls((cells_x, cells_y), (size_x, size_y), (low_x, low_y))

    def centres_lidar_m(self) -> NDArray[np.float64]:
        """x and y of all cell centres, [X, Y, 2]."""
        x, y = (
            low + (np.arange(cells) + 0.5) * size
            for low, cells, size in zip(self.low_corner_m, self.shape, self.cell_size_m, strict=True)
        )
        return np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)

    def centres_ego_m(self, ego_from_lidar: Pose) -> NDArray[np.float64]:
        """x and y in the ego frame of all cell centres at the height of the ground, [X, Y, 2]."""
        flat = self.centres_lidar_m()
        height_m = np.full((*self.shape, 1), -ego_from_lidar.translation_m[2])
        return ego_from_lidar.apply(np.concatenate((flat, height_m), axis=-1))[..., :2]

    def cells(self, positions_lidar_m: NDArray[np.floating]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Cell indices [..., 2] of positions [..., 2 or more], and whether each lies on the map [...]."""
        offsets_m = np.asarray(positions_lidar_m)[..., :2] - self.low_corner_m
        cells = np.floor(offsets_m / self.cell_size_m).astype(np.int64)
        return cells, np.all((cells >= 0) & (cells < self.shape), axis=-1)
