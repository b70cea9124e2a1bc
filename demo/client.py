"""A correction through the REST interface, as any user would ask for it."""

import json
from dataclasses import asdict
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from waymend.frames import FrameDirectory
from waymend.trajectory import EgoState


class Refused(Exception):
    """The service answered with a problem document."""


def correct_inline(
    rest: httpx.Client,
    frame: FrameDirectory,
    proposal_ego_m: NDArray[np.float64],
    step_s: float,
    ego_state: EgoState,
) -> dict[str, Any]:
    """Sends the frame and the proposal as one multipart request.

    Raises:
        Refused: With the problem's detail.
    """
    request = {
        "scene": {"kind": "inline"},
        "proposal": {"waypoints_ego_m": proposal_ego_m.tolist(), "step_s": step_s},
        "ego_state": asdict(ego_state),
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
