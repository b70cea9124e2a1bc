"""Several frames as one batch."""

from collections.abc import Sequence

import torch

from perception_service.models.bevfusion.inputs import BevFusionInputs


def collate(frames: Sequence[BevFusionInputs]) -> BevFusionInputs:
    """One batch of all frames of `frames`, in their order; image sizes and camera counts must agree."""
    if len(frames) == 1:
        return frames[0]
    names = ("images", "image_from_lidar", "intrinsic", "lidar_from_camera", "image_augmentation", "lidar_augmentation")
    return BevFusionInputs(
        points_lidar=[cloud for frame in frames for cloud in frame.points_lidar],
        **{name: torch.cat([getattr(frame, name) for frame in frames]) for name in names},
    )
