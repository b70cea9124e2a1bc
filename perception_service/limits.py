"""What a frame may hold, and how large a message can therefore be."""

from dataclasses import dataclass

from waymend.vocabulary import CAMERA_NAMES

_POINT_BYTES = 5 * 4
_MAP_POINT_BYTES = 2 * 4
_BOX_BYTES = 320
"""An AgentBox message with a track id of 128 characters of one byte each, rounded up."""
_RING_BYTES = 64
"""The frame of one ring or polyline message around its points, rounded up."""
_REST_BYTES = 64 * 1024
"""Poses, calibrations, ego history and names."""


@dataclass(frozen=True, slots=True)
class FrameLimits:
    """Bounds that are checked before anything is decoded.

    Attributes:
        lidar_points: Ten sweeps of a 32-beam LiDAR hold about 350 000.
        jpeg_bytes: Of one file; a 1600x900 image at quality 95 takes about 0.6 MB.
        image_pixels: Of one image.
        min_cameras: Cameras that a frame must have; one that is missing then contributes nothing.
        agents, history: Number of boxes and of past ego poses.
        map_lines: Number of polylines and rings together.
        map_points: Points of all of these together.
    """

    lidar_points: int = 400_000
    jpeg_bytes: int = 3 * 1024 * 1024
    image_pixels: int = 1920 * 1200
    min_cameras: int = len(CAMERA_NAMES)
    agents: int = 500
    history: int = 200
    map_lines: int = 5_000
    map_points: int = 200_000

    @property
    def message_bytes(self) -> int:
        """Size of the largest message that a legal frame can make."""
        sensors = len(CAMERA_NAMES) * self.jpeg_bytes + self.lidar_points * _POINT_BYTES
        map_bytes = self.map_lines * _RING_BYTES + self.map_points * _MAP_POINT_BYTES
        return sensors + map_bytes + self.agents * _BOX_BYTES + _REST_BYTES
