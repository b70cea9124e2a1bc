"""The world of a drive, moment by moment, and what the sensors see of it."""

import io
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.drives.drive import Drive
from training.data.sensing.agent_shapes import AgentShape
from training.data.sensing.ground_painting import paint_ground
from training.data.sensing.scenery import scenery, surroundings
from training.rendering.cameras import CameraImage, render_camera
from training.rendering.lidar import Scan, scan
from training.rendering.lighting import Daylight
from training.rendering.sensors import Camera, Lidar, nuscenes_cameras, nuscenes_lidar
from training.rendering.world import STATIC_INSTANCE, Surfaces, World
from waymend.geometry import Pose

_SCENERY, _LOOKS, _LIGHT, _MOMENTS = range(4)
"""Random streams of a drive."""

_SEEN_WITHIN_M = 100.0
_DETAILED_WITHIN_M = 60.0
"""Agents beyond are plain boxes: a car is less than 20 pixels wide there."""


@dataclass(frozen=True, slots=True)
class RigSettings:
    """How fine the sensors are; the smallest useful images by default.

    Attributes:
        lidar_columns: Firings per turn and beam.
        samples: Rays a pixel, 1 to 4.
    """

    width_px: int = 352
    height_px: int = 128
    lidar_columns: int = 1080
    samples: int = 1
    jpeg_quality: int = 85


class SensorRig:
    """Six cameras and a LiDAR, mounted as on nuScenes' vehicle."""

    def __init__(self, settings: RigSettings) -> None:
        self.settings = settings
        self.cameras: tuple[Camera, ...] = nuscenes_cameras(settings.width_px, settings.height_px)
        self.lidar: Lidar = nuscenes_lidar(settings.lidar_columns)


class DriveWorld:
    """Geometry and light of a drive; what does not move is made once.

    Instances are indices of `drive.agents`. Equal drives look equal, bit by bit.
    """

    def __init__(self, drive: Drive) -> None:
        self.drive = drive
        around = surroundings(drive)
        static = scenery(drive, around, self._random(_SCENERY))
        self._backdrop = Surfaces([(STATIC_INSTANCE, static)])
        self._ground = paint_ground(drive.road_map, around)
        self._shapes = [AgentShape(agent, self._random(_LOOKS, number)) for number, agent in enumerate(drive.agents)]
        self._light = _weather(self._random(_LIGHT))

    def at(self, time_s: float) -> "Moment":
        """The world at a time within the drive."""
        global_from_ego = self.drive.ego.pose_at(time_s)
        assert global_from_ego is not None
        pieces = []
        for number, (agent, shape) in enumerate(zip(self.drive.agents, self._shapes, strict=True)):
            pose = agent.track.pose_at(time_s)
            if pose is None or (away_m := _distance_m(pose, global_from_ego)) > _SEEN_WITHIN_M:
                continue
            standing = Pose(pose.rotation, pose.translation_m - np.array([0.0, 0.0, agent.size_lwh_m[2] / 2]))
            part = shape.at(time_s) if away_m < _DETAILED_WITHIN_M else shape.from_afar
            pieces.append((number, part.placed(standing)))
        world = World(pieces, self._ground, self._backdrop)
        return Moment(world, global_from_ego, self._light, self._random(_MOMENTS, round(time_s * 1e6)))

    def _random(self, *stream: int) -> np.random.Generator:
        return np.random.default_rng([self.drive.seed, *stream])


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """Everything at one time, ready to be looked at; noise comes from `random`."""

    world: World
    global_from_ego: Pose
    light: Daylight
    random: np.random.Generator

    def scan(self, lidar: Lidar) -> Scan:
        return scan(self.world, lidar, self.global_from_ego, self.random)

    def image(self, camera: Camera, samples: int = 1) -> CameraImage:
        """Exposure varies a little from image to image."""
        light = replace(self.light, exposure=self.light.exposure * float(self.random.uniform(0.92, 1.08)))
        return render_camera(self.world, light, camera, self.global_from_ego, samples, occlusion=False)


def jpeg_of(rgb: NDArray[np.uint8], quality: int) -> bytes:
    """The image as a JPEG with 4:2:0 colours."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    return buffer.getvalue()


def _distance_m(pose: Pose, other: Pose) -> float:
    return float(np.linalg.norm((pose.translation_m - other.translation_m)[:2]))


def _weather(random: np.random.Generator) -> Daylight:
    """From clear to hazy, the sun anywhere but low."""
    sun = random.uniform(0.5, 1.15)
    return Daylight(
        sun_azimuth_rad=float(random.uniform(-np.pi, np.pi)),
        sun_elevation_rad=float(random.uniform(0.45, 1.2)),
        sun=(3.3 * sun, 3.0 * sun, 2.55 * sun),
        haze_m=float(np.exp(random.uniform(np.log(150.0), np.log(800.0)))),
        exposure=float(random.uniform(0.52, 0.85)),
    )
