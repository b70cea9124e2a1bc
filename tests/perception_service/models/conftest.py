"""A small made-up scene with the geometry of a nuScenes vehicle."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import preset
from perception_service.scene import CameraView, Scene
from waymend.agents import AgentBox, Polyline, VectorMap
from waymend.geometry import Pose
from waymend.trajectory import EgoState
from waymend.vocabulary import CAMERA_NAMES

EGO_FROM_LIDAR = Pose.from_yaw(-np.pi / 2, [0.94, 0.0, 1.84])
CAMERA_YAWS_DEG = dict(zip(CAMERA_NAMES, (0.0, -55.0, 55.0, 180.0, 110.0, -110.0), strict=True))
CAMERA_AXES = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
INTRINSIC = np.array([[1266.4, 0.0, 816.3], [0.0, 1266.4, 491.5], [0.0, 0.0, 1.0]])


def _camera(name: str, rng: np.random.Generator) -> CameraView:
    turn = Pose.from_yaw(np.deg2rad(CAMERA_YAWS_DEG[name]), [1.2, 0.0, 1.5])
    return CameraView(
        name=name,
        timestamp_us=1_000_000,
        image_rgb=rng.integers(0, 256, (900, 1600, 3), dtype=np.uint8),
        intrinsic=INTRINSIC,
        ego_from_camera=turn @ Pose(CAMERA_AXES, np.zeros(3)),
    )


@pytest.fixture(scope="session")
def make_scene() -> Callable[..., Scene]:
    rng = np.random.default_rng(0)
    cameras = tuple(_camera(name, rng) for name in CAMERA_NAMES)
    points = np.column_stack(
        (rng.normal(0, 20, (4000, 2)), rng.normal(-1, 1, 4000), rng.uniform(0, 255, 4000), np.zeros(4000))
    ).astype(np.float32)
    straight = Polyline("lane_centerline", np.array([[0, 0], [30, 0]], np.float32))

    def make(**changes: object) -> Scene:
        values: dict = {
            "frame_id": "made-up",
            "timestamp_us": 1_000_000,
            "global_from_ego": Pose.identity(),
            "cameras": cameras,
            "points_lidar": points,
            "ego_from_lidar": EGO_FROM_LIDAR,
            "ego_state": EgoState(8.0, 0.5, 0.02),
            "ego_history": np.array([[1.0, -8.0, 0.0, 0.0], [0.5, -4.0, 0.0, 0.0]]),
            "map": VectorMap(polylines=(straight,)),
        }
        return Scene(**(values | changes))

    return make


@pytest.fixture(scope="session")
def make_agent() -> Callable[..., AgentBox]:
    def make(x: float, y: float, **changes: object) -> AgentBox:
        values: dict = {
            "track_id": "",
            "object_class": "car",
            "center_ego_m": (x, y, 0.8),
            "length_m": 4.5,
            "width_m": 1.9,
            "height_m": 1.6,
            "yaw_rad": 0.3,
        }
        return AgentBox(**(values | changes))

    return make


@pytest.fixture(scope="session")
def tiny_model() -> PerceptionModel:
    torch.manual_seed(0)
    return PerceptionModel.from_config(preset("tiny")).eval()
