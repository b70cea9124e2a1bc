"""What the BEV map should show of agents: the cells that they stand on, and how these move."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.perceiving.raster_grid import RasterGrid
from waymend.vocabulary import OBJECT_CLASSES

AGENT_LABELS = ("vehicle", "pedestrian_or_cyclist")
_VEHICLES = ("car", "truck", "construction_vehicle", "bus", "trailer")
_VULNERABLE = ("motorcycle", "bicycle", "pedestrian")
_LABEL_OF_CLASS = np.array([0 if name in _VEHICLES else 1 if name in _VULNERABLE else -1 for name in OBJECT_CLASSES])


@dataclass(frozen=True, slots=True, eq=False)
class AgentLabels:
    """Rasters of the agents of a frame.

    Attributes:
        occupied: bool [2, X, Y], in the order of `AGENT_LABELS`.
        velocity_mps: float32 [2, X, Y], along the LiDAR frame's x and y; NaN where no agent is or its velocity is not
            known.
    """

    occupied: NDArray[np.bool_]
    velocity_mps: NDArray[np.float32]


def agent_label(object_labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index into `AGENT_LABELS` of indices into OBJECT_CLASSES; -1 for barriers and cones."""
    return _LABEL_OF_CLASS[object_labels]


def agent_labels(boxes_lidar: NDArray[np.float64], object_labels: NDArray[np.int64], grid: RasterGrid) -> AgentLabels:
    """Cells whose centre lies in a box, and the cell of each box's centre.

    A box narrower than a cell counts as wide as one.

    Args:
        boxes_lidar: [n, 9], as `perception_service.boxes` has them.
        object_labels: [n], indices into OBJECT_CLASSES.
        grid: The cells.
    """
    occupied = np.zeros((len(AGENT_LABELS), *grid.shape), bool)
    velocity_mps = np.full((2, *grid.shape), np.nan, np.float32)
    centres_m = grid.centres_lidar_m()
    for box, label in zip(boxes_lidar, agent_label(object_labels), strict=True):
        if label >= 0:
            cells = _covered(box, centres_m, grid)
            occupied[label] |= cells
            velocity_mps[:, cells] = box[7:9, None]
    return AgentLabels(occupied, velocity_mps)


def _covered(box: NDArray[np.float64], centres_m: NDArray[np.float64], grid: RasterGrid) -> NDArray[np.bool_]:
    offsets_m = centres_m - box[:2]
    cos, sin = np.cos(box[6]), np.sin(box[6])
    along_m = np.abs(offsets_m[..., 0] * cos + offsets_m[..., 1] * sin)
    across_m = np.abs(offsets_m[..., 1] * cos - offsets_m[..., 0] * sin)
    length_m, width_m = np.maximum(box[3:5], max(grid.cell_size_m))
    covered = (along_m <= length_m / 2) & (across_m <= width_m / 2)
    (x, y), on_map = grid.cells(box[:2])
    if on_map:
        covered[x, y] = True
    return covered
