"""From a decoded scene to BEVFusion's inputs, in the geometry of its nuScenes test pipeline."""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional

from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.config import ImageConfig, PerceptionConfig, PointsConfig
from perception_service.scene import CameraView, Scene
from perception_service.transforms.image_augmentation import ImageAugmentation
from waymend.geometry import Pose

_EXACT_SHRINKAGE = 3.0
"""Images that shrink by more than this are scaled approximately, in a sixth of the time."""


def bevfusion_inputs(scene: Scene, config: PerceptionConfig, threads: Executor | None = None) -> BevFusionInputs:
    """A batch of one frame, on the CPU; the images are scaled side by side where there are threads for it."""
    prepare = partial(_camera_inputs, ego_from_lidar=scene.ego_from_lidar, config=config.image)
    in_turn: Callable[..., Iterable[tuple[NDArray, ...]]] = threads.map if threads else map
    images, augmentations, intrinsics, lidar_from_camera, image_from_lidar = zip(
        *in_turn(prepare, scene.cameras), strict=True
    )
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
    by 0.48 to 768x432, and 704x256 cut out of it. The pixels are those of `ImageAug3D` (Pillow's bicubic) to the bit;
    an image that shrinks to less than a third differs by up to two grey levels.

    Returns:
        uint8 [h, w, 3], and the [4, 4] matrix from pixels of the original to pixels of the result.
    """
    height, width = image_rgb.shape[:2]
    out_height, out_width = config.size
    scale = config.resized_width / width
    resized_height = int(height * scale)
    augmentation = ImageAugmentation.centred(
        scale, (config.resized_width, resized_height), (out_width, out_height), bottom=resized_height
    )
    if width > _EXACT_SHRINKAGE * config.resized_width:
        return _approximately(image_rgb, augmentation), augmentation.matrix
    return np.asarray(augmentation.apply(Image.fromarray(image_rgb))), augmentation.matrix


def filter_points(points_lidar: NDArray[np.float32], config: PointsConfig) -> NDArray[np.float32]:
    """Points [N, 5] strictly inside the range and not on the vehicle itself, in their order.

    A radius of 0 keeps close points, for clouds whose sweeps were rid of them when they were merged, as BEVFusion's
    are. None is left of an empty cloud or of one that lies outside; that is a legal input.
    """
    low, high = np.array(config.range_m[:3], np.float32), np.array(config.range_m[3:], np.float32)
    kept = np.ones(len(points_lidar), bool)
    for axis in range(3):
        positions = points_lidar[:, axis]
        kept &= (positions > low[axis]) & (positions < high[axis])
    if config.close_radius_m > 0:
        x, y = np.abs(points_lidar[:, 0]), np.abs(points_lidar[:, 1])
        kept &= (x >= config.close_radius_m) | (y >= config.close_radius_m)
    return points_lidar[kept]


def _approximately(image_rgb: NDArray[np.uint8], augmentation: ImageAugmentation) -> NDArray[np.uint8]:
    """What an augmentation without mirroring and turning makes of an image, with PyTorch's antialiased bicubic."""
    channels_last = torch.from_numpy(np.require(image_rgb, requirements="W"))[None].permute(0, 3, 1, 2)
    resized = functional.interpolate(
        channels_last, size=augmentation.resized_size[::-1], mode="bicubic", antialias=True
    )
    (left, top), (width, height) = augmentation.corner, augmentation.window_size
    whole = Image.fromarray(np.ascontiguousarray(resized[0].permute(1, 2, 0).numpy()))
    return np.asarray(whole.crop((left, top, left + width, top + height)))


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
