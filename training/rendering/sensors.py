"""A nuScenes-like sensor rig: six cameras and a 32-beam LiDAR.

Figures are rounded from nuScenes' published calibration (Caesar et al., CVPR 2020, and its devkit's schema).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from waymend.geometry import Pose

_NATIVE_WIDTH_PX, _NATIVE_HEIGHT_PX = 1600, 900
_RDF_FROM_FLU = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
"""Axes right, down, forward (camera) from forward, left, up."""

_MOUNTING = {
    "CAM_FRONT": ((1.70, 0.02, 1.51), 0.3, 1266.0, (816.0, 492.0)),
    "CAM_FRONT_RIGHT": ((1.55, -0.49, 1.50), -56.4, 1261.0, (808.0, 495.0)),
    "CAM_FRONT_LEFT": ((1.52, 0.49, 1.51), 55.2, 1273.0, (827.0, 480.0)),
    "CAM_BACK": ((0.03, 0.00, 1.58), 179.9, 809.0, (829.0, 482.0)),
    "CAM_BACK_LEFT": ((1.04, 0.48, 1.59), 108.6, 1257.0, (792.0, 493.0)),
    "CAM_BACK_RIGHT": ((1.01, -0.48, 1.56), -110.8, 1260.0, (807.0, 501.0)),
}
"""Position in the ego frame (m), yaw (degrees), focal length and principal point (px at 1600x900)."""


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A pinhole camera without distortion; camera axes x right, y down, z forward."""

    name: str
    width_px: int
    height_px: int
    intrinsic: NDArray[np.float64]
    ego_from_camera: Pose


@dataclass(frozen=True, slots=True, eq=False)
class Lidar:
    """A spinning LiDAR; its frame is x right, y forward, z up as nuScenes' LIDAR_TOP.

    Attributes:
        elevations_rad: [B], lowest beam first.
        columns: Firings per turn.
        range_m: Nearest and farthest return.
        noise_m: Standard deviation of a range; 2 cm is the HDL-32E's stated accuracy.
    """

    ego_from_lidar: Pose
    elevations_rad: NDArray[np.float64]
    columns: int
    range_m: tuple[float, float] = (1.5, 90.0)
    noise_m: float = 0.02


def nuscenes_cameras(width_px: int, height_px: int) -> tuple[Camera, ...]:
    """The six cameras in `CAMERA_NAMES` order: 1600x900 scaled to a width, and cut off above to a height.

    Perception pipelines cut off the sky in the same way, so 352x128 loses nothing that they look at.
    """
    scale = width_px / _NATIVE_WIDTH_PX
    cut_px = _NATIVE_HEIGHT_PX * scale - height_px
    image_from_native = np.array([[scale, 0.0, 0.0], [0.0, scale, -cut_px], [0.0, 0.0, 1.0]])
    cameras = []
    for name, (position, yaw_deg, focal, (u, v)) in _MOUNTING.items():
        intrinsic = image_from_native @ np.array([[focal, 0.0, u], [0.0, focal, v], [0.0, 0.0, 1.0]])
        heading = Pose.from_yaw(np.radians(yaw_deg), position)
        mounting = Pose(heading.rotation @ _RDF_FROM_FLU.T, heading.translation_m)
        cameras.append(Camera(name, width_px, height_px, intrinsic, mounting))
    return tuple(cameras)


def nuscenes_lidar(columns: int) -> Lidar:
    """The HDL-32E on the roof: 32 beams from -30.67 to +10.67 degrees."""
    return Lidar(Pose.from_yaw(-np.pi / 2, (0.94, 0.0, 1.84)), np.radians(np.linspace(-30.67, 10.67, 32)), columns)
