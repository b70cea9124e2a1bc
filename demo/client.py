"""A correction through the REST interface, as any user would ask for it."""

from dataclasses import asdict
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from training.serving.inline_request import inline_parts
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
    answer = rest.post("/v1/trajectories/correct", files=inline_parts(request, frame))
    if answer.is_error:
        raise Refused(answer.json()["detail"])
    return answer.json()
