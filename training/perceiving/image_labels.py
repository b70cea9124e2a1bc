"""What each cell of the image features should show: vehicles, people and ground to drive on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perception_service.models.bevfusion.inputs import BevFusionInputs
from training.perceiving.agent_labels import AGENT_LABELS, agent_label
from training.perceiving.raster_grid import RasterGrid

IMAGE_LABELS = (*AGENT_LABELS, "drivable_area")
_NEAREST_M = 0.5
"""Points of a box nearer to the camera's plane are not projected."""
_SHARES = np.stack(np.meshgrid(np.linspace(-0.5, 0.5, 5), (-0.5, 0.0, 0.5), (0.0, 0.5, 1.0), indexing="ij"), -1)
_DRIVABLE = len(AGENT_LABELS)


@dataclass(frozen=True, slots=True)
class ImageCells:
    """The feature cells of an image: height and width of the image in pixels, and rows and columns of cells."""

    image_size: tuple[int, int]
    shape: tuple[int, int]

    def centres(self) -> NDArray[np.float64]:
        """u and v of all cell centres, pixels of the network's image, [fH, fW, 2]."""
        v, u = (
            (np.arange(cells) + 0.5) * size / cells for size, cells in zip(self.image_size, self.shape, strict=True)
        )
        return np.stack(np.meshgrid(u, v, indexing="xy"), axis=-1)


def image_labels(
    inputs: BevFusionInputs,
    boxes_lidar: NDArray[np.float64],
    object_labels: NDArray[np.int64],
    ground: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    ground_height_m: float,
    cells: ImageCells,
    grid: RasterGrid,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Labels [N, 3, fH, fW] in the order of `IMAGE_LABELS`, and whether each counts, of the same shape.

    An agent fills the rectangle around its projected box. A cell is drivable where the ray through its centre meets
    drivable ground; that does not count within rectangles, and where the ground is not known.

    Args:
        inputs: A batch of one frame without LiDAR augmentation.
        boxes_lidar, object_labels: As in `agent_labels`.
        ground: Raster of the drivable area [X, Y], and where it is known.
        ground_height_m: z of the ground in the LiDAR frame.
        cells: Of the image features.
        grid: Of the rasters.
    """
    cameras = inputs.images.shape[1]
    labels = np.zeros((cameras, len(IMAGE_LABELS), *cells.shape), bool)
    counted = np.ones_like(labels)
    centres = cells.centres()
    for camera, (projection, augmentation) in enumerate(_cameras(inputs)):
        for box, label in zip(boxes_lidar, agent_label(object_labels), strict=True):
            if label >= 0:
                labels[camera, label] |= _rectangle(box, projection, augmentation, centres, cells)
        places, meets = _ground_places(projection, augmentation, centres, ground_height_m)
        index, on_map = grid.cells(places)
        x, y = np.where(on_map[..., None], index, 0).transpose(2, 0, 1)
        seen = meets & on_map
        labels[camera, _DRIVABLE] = seen & ground[0][x, y]
        counted[camera, _DRIVABLE] = ~meets | (seen & ground[1][x, y])
        counted[camera, _DRIVABLE] &= ~labels[camera, :_DRIVABLE].any(axis=0)
    return labels, counted


def _cameras(inputs: BevFusionInputs) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    projections, augmentations = (
        matrices[0].numpy().astype(np.float64) for matrices in (inputs.image_from_lidar, inputs.image_augmentation)
    )
    return list(zip(projections, augmentations, strict=True))


def _rectangle(
    box: NDArray[np.float64],
    projection: NDArray[np.float64],
    augmentation: NDArray[np.float64],
    centres: NDArray[np.float64],
    cells: ImageCells,
) -> NDArray[np.bool_]:
    """Cells [fH, fW] whose centre lies in the rectangle around a box; one thinner than a cell counts as one."""
    projected = _points_of_box(box) @ projection[:3, :3].T + projection[:3, 3]
    ahead = projected[projected[:, 2] > _NEAREST_M]
    if len(ahead) == 0:
        return np.zeros(cells.shape, bool)
    pixels = ahead[:, :2] / ahead[:, 2:3] @ augmentation[:2, :2].T + augmentation[:2, 3]
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    cell = np.array(cells.image_size[::-1]) / cells.shape[::-1]
    thin = np.maximum(cell - (high - low), 0.0) / 2
    return np.all((centres >= low - thin) & (centres < high + thin), axis=-1)


def _points_of_box(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """45 places in and on a box, LiDAR frame [45, 3]."""
    along, across, up = (_SHARES.reshape(-1, 3) * box[3:6]).T
    cos, sin = np.cos(box[6]), np.sin(box[6])
    return box[:3] + np.column_stack((along * cos - across * sin, along * sin + across * cos, up))


def _ground_places(
    projection: NDArray[np.float64],
    augmentation: NDArray[np.float64],
    centres: NDArray[np.float64],
    ground_height_m: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Where the rays through pixels meet the ground, LiDAR frame [fH, fW, 2], and whether they do."""
    original = (centres - augmentation[:2, 3]) @ np.linalg.inv(augmentation[:2, :2]).T
    homogeneous = np.concatenate((original, np.ones((*original.shape[:2], 1))), axis=-1)
    inverse = np.linalg.inv(projection[:3, :3])
    origin, rays = -inverse @ projection[:3, 3], homogeneous @ inverse.T
    meets = rays[..., 2] < 0
    depth_m = (ground_height_m - origin[2]) / np.where(meets, rays[..., 2], -1.0)
    return (origin + rays * depth_m[..., None])[..., :2], meets
