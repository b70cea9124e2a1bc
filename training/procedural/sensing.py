"""A moment of a scene as its sensors record it: a frame directory."""

import io
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.procedural.description import describe
from training.procedural.scene import DriveScene
from training.procedural.street import StreetPaint
from training.rendering.cameras import render_camera
from training.rendering.lidar import scan
from training.rendering.lighting import Daylight
from training.rendering.sensors import nuscenes_cameras, nuscenes_lidar
from training.rendering.world import STATIC_INSTANCE, World
from waymend.frames import FrameDirectory


@dataclass(frozen=True, slots=True)
class SensorQuality:
    """How fine the sensors are.

    Attributes:
        samples: Rays a pixel, 1 to 4.
        lidar_columns: Firings per turn and beam.
    """

    width_px: int = 800
    height_px: int = 450
    samples: int = 4
    jpeg_quality: int = 82
    lidar_columns: int = 540


def world_at(scene: DriveScene, time_s: float) -> World:
    """Geometry at a time, in the scene frame; the instance of an actor is its index in `scene.actors`."""
    moving = [(number, actor.shape.placed(actor.pose(time_s))) for number, actor in enumerate(scene.actors)]
    return World([(STATIC_INSTANCE, scene.scenery), *moving], StreetPaint(scene.street))


def sense(scene: DriveScene, number: int, quality: SensorQuality, seed: int) -> FrameDirectory:
    """Frame `number` of the scene; equal for equal arguments, bit by bit."""
    time_s = scene.frame_times_s[number]
    random = np.random.default_rng([seed, number])
    world, scene_from_ego = world_at(scene, time_s), scene.scene_from_ego(time_s)
    cameras = nuscenes_cameras(quality.width_px, quality.height_px)
    lidar = nuscenes_lidar(quality.lidar_columns)
    points = scan(world, lidar, scene_from_ego, random).points_lidar
    day, jpegs = Daylight(), {}
    for camera in cameras:
        light = replace(day, exposure=day.exposure * float(random.uniform(0.97, 1.03)))
        image = render_camera(world, light, camera, scene_from_ego, quality.samples)
        jpegs[camera.name] = _jpeg(image.rgb, quality.jpeg_quality)
    description = describe(scene, time_s, number, cameras, lidar)
    return FrameDirectory(description, points.astype("<f4").tobytes(), jpegs)


def _jpeg(rgb: NDArray[np.uint8], quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality, optimize=True, subsampling="4:2:0")
    return buffer.getvalue()
