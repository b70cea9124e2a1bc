"""What the dense heat map should show: a Gaussian blob at every object (Zhou et al., "Objects as Points", 2019)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from mmdet3d.models.utils import draw_heatmap_gaussian, gaussian_radius
from torch import Tensor


@dataclass(frozen=True, slots=True)
class HeatmapGrid:
    """The cells of the map.

    Attributes:
        shape: Cells along x and y.
        cell_size_m: Extents of a cell along x and y.
        low_corner_m: x and y of the low corner.
    """

    shape: tuple[int, int]
    cell_size_m: tuple[float, float]
    low_corner_m: tuple[float, float]

    def cells(self, boxes_lidar: Tensor) -> Tensor:
        """Cell of each box's centre, int64 [n, 2]; may lie outside the map."""
        low, size = boxes_lidar.new_tensor(self.low_corner_m), boxes_lidar.new_tensor(self.cell_size_m)
        return torch.floor((boxes_lidar[:, :2] - low) / size).long()

    def contains(self, boxes_lidar: Tensor) -> Tensor:
        """Whether each box's centre lies on the map, bool [n]."""
        cells = self.cells(boxes_lidar)
        return ((cells >= 0) & (cells < cells.new_tensor(self.shape))).all(1)


def heatmap_targets(
    boxes_lidar: Tensor, labels: Tensor, classes: int, grid: HeatmapGrid, min_overlap: float, min_radius: int
) -> Tensor:
    """Blobs of height 1, float [classes, X, Y].

    A blob's radius in cells is the largest shift at which a box of the object's size still overlaps the object by
    `min_overlap`, and at least `min_radius`.

    Args:
        boxes_lidar: [n, 9], centres on the map.
        labels: int64 [n].
        classes: Number of classes.
        grid: The map's cells.
        min_overlap: Intersection over union.
        min_radius: Cells.
    """
    heatmap = boxes_lidar.new_zeros(classes, *grid.shape)
    extents: Sequence[Sequence[float]] = (boxes_lidar[:, 3:5] / boxes_lidar.new_tensor(grid.cell_size_m)).tolist()
    for (x, y), (length, width), label in zip(grid.cells(boxes_lidar).tolist(), extents, labels.tolist(), strict=True):
        if length > 0 and width > 0:
            radius = gaussian_radius((torch.tensor(width), torch.tensor(length)), min_overlap)
            # mmdet3d draws columns first, and our maps have x first.
            draw_heatmap_gaussian(heatmap[label], torch.tensor([y, x]), max(min_radius, int(radius)))
    return heatmap
