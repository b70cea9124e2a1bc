"""Where the depth bins of an image's feature pixels lie in the LiDAR frame."""

from collections.abc import Sequence

import torch
from torch import Tensor

from perception_service.models.bevfusion.inputs import BevFusionInputs


def make_frustum(image_size: Sequence[int], feature_size: Sequence[int], dbound: Sequence[float]) -> Tensor:
    """Pixel u, v and depth (m) of every bin, float32 [D, fH, fW, 3]; feature pixels span the image edge to edge."""
    depths = torch.arange(*dbound, dtype=torch.float32)
    rows = torch.linspace(0, image_size[0] - 1, feature_size[0])
    columns = torch.linspace(0, image_size[1] - 1, feature_size[1])
    depth, v, u = torch.meshgrid(depths, rows, columns, indexing="ij")
    return torch.stack((u, v, depth), -1)


def frustum_points(frustum: Tensor, inputs: BevFusionInputs) -> Tensor:
    """LiDAR-frame (augmented) position of every bin, float32 [B, N, fH, fW, D, 3].

    A pixel's bins lie on one ray, so the rays are turned once per pixel and only stretched per bin. Computed in float32
    also under autocast, which would move bins by whole cells.
    """
    with torch.autocast(frustum.device.type, enabled=False):
        return _points(frustum, inputs)


def _points(frustum: Tensor, inputs: BevFusionInputs) -> Tensor:
    pixels = torch.nn.functional.pad(frustum[0, ..., :2], (0, 1))
    aug_rotation, aug_shift = inputs.image_augmentation[..., :3, :3], inputs.image_augmentation[..., :3, 3]
    lidar_rotation, lidar_shift = inputs.lidar_augmentation[:, None, :3, :3], inputs.lidar_augmentation[:, None, :3, 3]

    camera = inputs.lidar_from_camera
    to_lidar = lidar_rotation @ camera[..., :3, :3] @ torch.linalg.inv(inputs.intrinsic[..., :3, :3])
    origin = (lidar_rotation @ camera[..., :3, 3:]).squeeze(-1) + lidar_shift

    original = (pixels - aug_shift[..., None, None, :]) @ torch.linalg.inv(aug_rotation)[..., None, :, :].mT
    rays = torch.cat((original[..., :2], torch.ones_like(original[..., :1])), -1) @ to_lidar[..., None, :, :].mT
    depths = frustum[:, 0, 0, 2]
    return rays[..., None, :] * depths[:, None] + origin[..., None, None, None, :]
