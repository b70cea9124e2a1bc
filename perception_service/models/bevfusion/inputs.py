"""What BEVFusion is given: images, clouds and the transforms between their frames."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class BevFusionInputs:
    """A batch of B frames with N cameras each, float32. BEVFusion works in the LiDAR frame.

    Attributes:
        images: [B, N, 3, H, W], resized, cropped, normalised, RGB.
        points_lidar: B clouds [P, 5]: x, y, z (m), intensity 0..255, sweep age (s). P may be 0.
        image_from_lidar: [B, N, 4, 4], LiDAR frame to pixels of the ORIGINAL image, homogeneous (`lidar2img`).
        intrinsic: [B, N, 4, 4], of the original image (`cam2img`).
        lidar_from_camera: [B, N, 4, 4] (`cam2lidar`).
        image_augmentation: [B, N, 4, 4], pixels of the original image to pixels of `images` (`img_aug_matrix`).
        lidar_augmentation: [B, 4, 4], LiDAR frame to the frame of `points_lidar` (`lidar_aug_matrix`); identity
            outside training.
    """

    images: Tensor
    points_lidar: list[Tensor]
    image_from_lidar: Tensor
    intrinsic: Tensor
    lidar_from_camera: Tensor
    image_augmentation: Tensor
    lidar_augmentation: Tensor

    @property
    def batch_size(self) -> int:
        return self.images.shape[0]

    def to(self, device: torch.device | str) -> Self:
        """The same inputs on another device; from pinned memory the copies overlap with the device's work."""
        return self._with(lambda value: value.to(device, non_blocking=True))

    def pin_memory(self) -> Self:
        """The same inputs in page-locked memory, for quick copies to a GPU."""
        return self._with(Tensor.pin_memory)

    def _with(self, change: Callable[[Tensor], Tensor]) -> Self:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        clouds = [change(cloud) for cloud in values.pop("points_lidar")]
        return type(self)(points_lidar=clouds, **{name: change(value) for name, value in values.items()})
