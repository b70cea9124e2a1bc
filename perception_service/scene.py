"""A decoded sensor frame, and what perception makes of it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from waymend.agents import AgentBox, VectorMap
from waymend.geometry import Pose
from waymend.trajectory import EgoState


@dataclass(frozen=True, slots=True, eq=False)
class CameraView:
    """One camera image with its calibration.

    Attributes:
        name: One of `waymend.vocabulary.CAMERA_NAMES`.
        timestamp_us: Time of exposure, microseconds.
        image_rgb: uint8 [H, W, 3].
        intrinsic: float64 [3, 3], pixels.
        ego_from_camera: Pose of the camera at its exposure, in the ego frame at the scene's time.
    """

    name: str
    timestamp_us: int
    image_rgb: NDArray[np.uint8]
    intrinsic: NDArray[np.float64]
    ego_from_camera: Pose


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything known at one moment; poses and boxes refer to the ego frame at `timestamp_us`.

    Attributes:
        cameras: Views in the order of `waymend.vocabulary.CAMERA_NAMES`; six, where none is missing.
        points_lidar: float32 [N, 5]: x, y, z in the LiDAR frame (m), intensity 0..255, age of the sweep (s).
        ego_history: float64 [K, 4]: age (s, positive), x, y (m), yaw (rad) in the ego frame, oldest first.
        agents: Known agents; None where detections must stand in.
        map: None where no map is known.
    """

    frame_id: str
    timestamp_us: int
    global_from_ego: Pose
    cameras: tuple[CameraView, ...]
    points_lidar: NDArray[np.float32]
    ego_from_lidar: Pose
    ego_state: EgoState | None = None
    ego_history: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))
    agents: tuple[AgentBox, ...] | None = None
    map: VectorMap | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EncodedScene:
    """Scene tokens and detections.

    Attributes:
        image_tokens, bev_tokens, vector_tokens: float16 [N, width]; N is 0 where the modality is not wanted.
        detections: Boxes that BEVFusion found, best first, ego frame.
        agents: The boxes that the vector tokens describe: the given ones, else confident detections.
        agents_given: Whether `agents` came with the scene.
        stage_ms: Milliseconds of the stages `bevfusion` and `tokens`.
    """

    image_tokens: NDArray[np.float16]
    bev_tokens: NDArray[np.float16]
    vector_tokens: NDArray[np.float16]
    detections: tuple[AgentBox, ...]
    agents: tuple[AgentBox, ...]
    agents_given: bool
    stage_ms: dict[str, float]
