"""Good requests, to be sent as they are or spoilt in one place."""

import json
from typing import Any

from waymend.frames import FrameDirectory

SERVER_FRAME = {"kind": "server_frame", "path": "000"}
CORRECT = "/v1/trajectories/correct"


def correction(scene: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A request that is right, but for `changes`."""
    return {
        "scene": scene or SERVER_FRAME,
        "proposal": {"waypoints_ego_m": [[4.5 * k, 0.05 * k] for k in range(1, 7)], "step_s": 0.5},
        "ego_state": {"speed_mps": 9.0},
        "explain": False,
        **changes,
    }


def frame_parts(frame: FrameDirectory) -> dict[str, Any]:
    """The multipart parts of a frame."""
    return {
        "frame": ("frame.json", frame.description.model_dump_json(), "application/json"),
        "lidar": ("lidar.bin", frame.lidar, "application/octet-stream"),
        **{name: (f"{name}.jpg", jpeg, "image/jpeg") for name, jpeg in frame.jpegs.items()},
    }


def inline_parts(frame: FrameDirectory, **changes: Any) -> dict[str, Any]:
    """A whole inline request."""
    request = correction({"kind": "inline"}, **changes)
    return {"request": (None, json.dumps(request), "application/json"), **frame_parts(frame)}
