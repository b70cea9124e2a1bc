"""From a decoded scene to BEVFusion's inputs, in the geometry of its nuScenes test pipeline."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.config import ImageConfig, PerceptionConfig, PointsConfig
from perception_service.scene import CameraView, Scene
from waymend.geometry import Pose


def bevfusion_inputs(scene: Scene, config: PerceptionConfig) -> BevFusionInputs:
    """A batch of one frame, on the CPU."""
    views = [_camera_inputs(view, scene.ego_from_lidar, config.image) for view in scene.cameras]
    images, augmentations, intrinsics, lidar_from_camera, image_from_lidar = zip(*views, strict=True)
    return BevFusionInputs(
        images=_normalised(np.stack(images), config.image)[None],
        points_lidar=[torch.from_numpy(filter_points(scene.points_lidar, config.points))],
        image_from_lidar=_batch_of_one(image_from_lidar),
        intrinsic=_batch_of_one(intrinsics),
        lidar_from_camera=_batch_of_one(lidar_from_camera),
        image_augmentation=_batch_of_one(augmentations),
        lidar_augmentation=torch.eye(4)[None],
    )


def resize_and_crop(image_rgb: NDArray[np.uint8], config: ImageConfig) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Scales an image to `resized_width` and cuts out the bottom centre.

    An image flatter than the cut is filled with black above. The nuScenes values are BEVFusion's: 1600x900 is scaled
    by 0.48 to 768x432, and 704x256 cut out of it.

    Returns:
        uint8 [h, w, 3], and the [4, 4] matrix from pixels of the original to pixels of the result.
    """
    height, width = image_rgb.shape[:2]
    out_height, out_width = config.size
    scale = config.resized_width / width
    resized_height = round(height * scale)
    resized = _resized(image_rgb, resized_height, config.resized_width)
    left, top = (config.resized_width - out_width) // 2, resized_height - out_height
    cropped = resized[max(top, 0) :, left : left + out_width]
    augmentation = np.diag([scale, scale, 1.0, 1.0])
    augmentation[:2, 3] = -left, -top
    sky = max(-top, 0)
    return np.pad(cropped, ((sky, 0), (0, 0), (0, 0))), augmentation


def filter_points(points_lidar: NDArray[np.float32], config: PointsConfig) -> NDArray[np.float32]:
    """Points [N, 5] strictly inside the range and not on the vehicle itself."""
    positions = points_lidar[:, :3]
    low, high = np.array(config.range_m[:3], np.float32), np.array(config.range_m[3:], np.float32)
    inside = ((positions > low) & (positions < high)).all(1)
    close = (np.abs(positions[:, :2]) < config.close_radius_m).all(1)
    return np.ascontiguousarray(points_lidar[inside & ~close])


def _resized(image_rgb: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Antialiased bicubic, the same as Pillow's (BEVFusion's choice) to two grey levels, in a fraction of its time."""
    channels_last = torch.from_numpy(np.require(image_rgb, requirements="W"))[None].permute(0, 3, 1, 2)
    resized = functional.interpolate(channels_last, size=(height, width), mode="bicubic", antialias=True)
    return resized[0].permute(1, 2, 0).numpy()


def _camera_inputs(view: CameraView, ego_from_lidar: Pose, config: ImageConfig) -> tuple[NDArray, ...]:
    image, augmentation = resize_and_crop(view.image_rgb, config)
    intrinsic = np.eye(4)
    intrinsic[:3, :3] = view.intrinsic
    lidar_from_camera = ego_from_lidar.inverse() @ view.ego_from_camera
    image_from_lidar = intrinsic @ lidar_from_camera.inverse().matrix
    return image, augmentation, intrinsic, lidar_from_camera.matrix, image_from_lidar


def _normalised(images: NDArray[np.uint8], config: ImageConfig) -> torch.Tensor:
    """float32 [N, 3, H, W] in channels-last memory from uint8 [N, H, W, 3]."""
    mean, std = torch.tensor(config.mean), torch.tensor(config.std)
    return ((torch.from_numpy(images).float() - mean) / std).permute(0, 3, 1, 2)


def _batch_of_one(matrices: tuple[NDArray, ...]) -> torch.Tensor:
    return torch.from_numpy(np.stack(matrices)).float()[None]
