"""The parts of a request that brings its frame along."""

import json
from collections.abc import Mapping
from typing import Any

from waymend.frames import FrameDirectory


def frame_parts(frame: FrameDirectory) -> dict[str, Any]:
    """The frame's files as multipart parts, as httpx takes them; where the vehicle truly went stays here."""
    description = frame.description.model_copy(update={"future_trajectory_ego_m": None})
    return {
        "frame": ("frame.json", description.model_dump_json(), "application/json"),
        "lidar": ("lidar.bin", frame.lidar, "application/octet-stream"),
        **{name: (f"{name}.jpg", jpeg, "image/jpeg") for name, jpeg in frame.jpegs.items()},
    }


def inline_parts(request: Mapping[str, Any], frame: FrameDirectory) -> dict[str, Any]:
    """The request as JSON, and the frame that it is about."""
    return {"request": (None, json.dumps(request), "application/json"), **frame_parts(frame)}
