"""Camera images by ray-casting, four rays a pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.rendering.lighting import Daylight, LightSamples, shade
from training.rendering.sensors import Camera
from training.rendering.world import World
from waymend.geometry import Pose

_SUBPIXELS = ((0.375, 0.125), (0.875, 0.375), (0.625, 0.875), (0.125, 0.625))
"""Rotated grid: every ray of a pixel has a row and a column of its own."""

_ROWS_PER_BATCH = 60
_SUN_RADIUS = 0.012


@dataclass(frozen=True, slots=True, eq=False)
class CameraImage:
    """What a camera saw.

    Attributes:
        rgb: uint8 [H, W, 3].
        instances: int64 [H, W], instance at each pixel's first ray.
    """

    rgb: NDArray[np.uint8]
    instances: NDArray[np.int64]


def render_camera(
    world: World, light: Daylight, camera: Camera, world_from_ego: Pose, samples: int = 4, occlusion: bool = True
) -> CameraImage:
    """Renders one camera.

    Args:
        samples: Rays a pixel, 1 to 4.
        occlusion: Whether near surfaces keep skylight off, for a third of the time.
    """
    world_from_camera = world_from_ego @ camera.ego_from_camera
    radiance = np.zeros((camera.height_px, camera.width_px, 3))
    instances = np.empty((camera.height_px, camera.width_px), np.int64)
    for top in range(0, camera.height_px, _ROWS_PER_BATCH):
        rows = slice(top, min(top + _ROWS_PER_BATCH, camera.height_px))
        for number, offset in enumerate(_SUBPIXELS[:samples]):
            directions = _directions(camera, rows, offset) @ world_from_camera.rotation.T
            origins = np.broadcast_to(world_from_camera.translation_m, directions.shape)
            light_samples = _light_samples(light, number, occlusion)
            found, seen = shade(world, light, origins, directions, light_samples, 1.0 / float(camera.intrinsic[0, 0]))
            # The film curve comes before the average, so that bright edges stay smooth.
            radiance[rows] += light.expose(found).reshape(radiance[rows].shape)
            if number == 0:
                instances[rows] = seen.reshape(instances[rows].shape)
    return CameraImage(np.round(np.clip(radiance / samples, 0, 1) * 255).astype(np.uint8), instances)


def _directions(camera: Camera, rows: slice, offset: tuple[float, float]) -> NDArray[np.float64]:
    """Unit rays [rows * W, 3] in the camera frame; a pixel's centre has integer coordinates plus a half."""
    v, u = np.meshgrid(
        np.arange(rows.start, rows.stop) + offset[1], np.arange(camera.width_px) + offset[0], indexing="ij"
    )
    pixels = np.stack([u, v, np.ones_like(u)], axis=-1).reshape(-1, 3)
    rays = pixels @ np.linalg.inv(camera.intrinsic).T
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


def _light_samples(light: Daylight, number: int, occlusion: bool) -> LightSamples:
    """Light directions of a sub-pixel: spread over the sun's disc, and around the sky."""
    turn = np.pi / 2 * number + 0.6
    sun = light.sun_direction + _SUN_RADIUS * np.array([np.cos(turn), np.sin(turn), 0.0])
    sky = np.array([0.75 * np.cos(turn), 0.75 * np.sin(turn), 0.66])
    return LightSamples(sun / np.linalg.norm(sun), sky if occlusion else None)
