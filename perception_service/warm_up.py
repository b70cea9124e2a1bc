"""A blank scene, encoded once before the first real one: lazy allocations happen while nobody waits."""

import numpy as np

from perception_service.pipeline import PerceptionPipeline
from perception_service.scene import CameraView, Scene
from waymend.geometry import Pose
from waymend.vocabulary import CAMERA_NAMES

_WIDTH_PX, _HEIGHT_PX = 1600, 900


def warm_up(pipeline: PerceptionPipeline) -> None:
    """Encodes a scene of black images and one ring of points."""
    pipeline.encode(_blank_scene())


def _blank_scene() -> Scene:
    looking_ahead = Pose(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.array([1.7, 0.0, 1.5]))
    intrinsic = np.array([[1266.0, 0.0, _WIDTH_PX / 2], [0.0, 1266.0, _HEIGHT_PX / 2], [0.0, 0.0, 1.0]])
    image = np.zeros((_HEIGHT_PX, _WIDTH_PX, 3), np.uint8)
    angle_rad = np.linspace(0.0, 2 * np.pi, 1000, dtype=np.float32)
    points = np.zeros((len(angle_rad), 5), np.float32)
    points[:, 0], points[:, 1] = 20.0 * np.cos(angle_rad), 20.0 * np.sin(angle_rad)
    return Scene(
        frame_id="warm-up",
        timestamp_us=1,
        global_from_ego=Pose.identity(),
        cameras=tuple(CameraView(name, 1, image, intrinsic, looking_ahead) for name in CAMERA_NAMES),
        points_lidar=points,
        ego_from_lidar=Pose.from_yaw(-np.pi / 2, [0.9, 0.0, 1.8]),
    )
