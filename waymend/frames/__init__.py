"""Frame directories: one moment of a drive as `frame.json`, a LiDAR `.bin` and six JPEGs."""

from waymend.frames.description import FrameDescription, parse_description
from waymend.frames.directory import FrameDirectory, read_frame_directory, write_frame_directory
from waymend.frames.message import sensor_frame_message

__all__ = [
    "FrameDescription",
    "FrameDirectory",
    "parse_description",
    "read_frame_directory",
    "sensor_frame_message",
    "write_frame_directory",
]
