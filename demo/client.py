"""A correction through the REST interface, as any user would ask for it."""

import json
from collections.abc import Sequence
from typing import Any

import httpx

from waymend.frames import FrameDirectory
from waymend.trajectory import EgoState


class Refused(Exception):
    """The service answered with a problem document."""


def correct_inline(
    rest: httpx.Client,
    frame: FrameDirectory,
    waypoints_ego_m: Sequence[Sequence[float]],
    step_s: float,
    ego_state: EgoState,
) -> dict[str, Any]:
    """Sends the frame and the proposal as one multipart request.

    Raises:
        Refused: With the problem's detail.
    """
    request = {
        "scene": {"kind": "inline"},
        "proposal": {"waypoints_ego_m": waypoints_ego_m, "step_s": step_s},
        "ego_state": {
            "speed_mps": ego_state.speed_mps,
            "acceleration_mps2": ego_state.acceleration_mps2,
            "yaw_rate_radps": ego_state.yaw_rate_radps,
        },
    }
    parts = {
        "request": (None, json.dumps(request), "application/json"),
        "frame": ("frame.json", frame.description.model_dump_json(), "application/json"),
        "lidar": ("lidar.bin", frame.lidar, "application/octet-stream"),
        **{name: (f"{name}.jpg", jpeg, "image/jpeg") for name, jpeg in frame.jpegs.items()},
    }
    answer = rest.post("/v1/trajectories/correct", files=parts)
    if answer.is_error:
        raise Refused(answer.json()["detail"])
    return answer.json()
