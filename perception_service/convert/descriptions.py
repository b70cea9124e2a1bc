"""Dataclasses as entries of `frame.json`."""

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from waymend.errors import InvalidField
from waymend.frames.description import AgentDescription, CameraDescription, PoseDescription
from waymend.geometry import Pose

LIDAR_FILE = "lidar.bin"


def pose_description(pose: Pose) -> PoseDescription:
    """The pose with a unit quaternion, whatever rounding its matrix went through."""
    return PoseDescription(translation_m=pose.translation_m.tolist(), rotation_wxyz=pose.quaternion_wxyz.tolist())


def camera_description(
    name: str, jpeg: bytes, timestamp_us: int, intrinsic: NDArray[np.float64], ego_from_camera: Pose
) -> CameraDescription:
    """A camera whose size is read from its JPEG."""
    try:
        width, height = Image.open(io.BytesIO(jpeg), formats=["JPEG"]).size
    except OSError as error:
        raise InvalidField(f"cameras.{name}", "a JPEG file", error) from None
    return CameraDescription(
        file=f"{name}.jpg",
        timestamp_us=timestamp_us,
        width_px=width,
        height_px=height,
        intrinsic=intrinsic.tolist(),
        ego_from_camera=pose_description(ego_from_camera),
    )


def agent_description(
    *,
    track_id: str,
    object_class: str,
    ego_from_box: Pose,
    size_lwh_m: tuple[float, float, float],
    velocity_ego_mps: NDArray[np.float64],
) -> AgentDescription:
    """A box; a velocity that is not known (NaN) becomes 0."""
    x, y, z = ego_from_box.translation_m.tolist()
    length, width, height = size_lwh_m
    return AgentDescription(
        track_id=track_id,
        object_class=object_class,
        center_ego_m=[x, y, z],
        length_m=length,
        width_m=width,
        height_m=height,
        yaw_rad=ego_from_box.yaw_rad,
        velocity_ego_mps=[float(v) if math.isfinite(v) else 0.0 for v in velocity_ego_mps[:2]],
    )
