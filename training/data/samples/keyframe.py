"""What a corrector may know at one moment, and what truly came of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from waymend.agents import AgentBox, VectorMap
from waymend.trajectory import EgoState


@dataclass(frozen=True, slots=True, eq=False)
class Keyframe:
    """A sample of a nuScenes data set with at least 1 s of past and the whole horizon of future, in its ego frame.

    Attributes:
        sample_token: nuScenes' token of the sample.
        scene_name: Such as `scene-0061`.
        log_name: `logfile` of the scene's log.
        location: nuScenes map of the scene.
        timestamp_us: Of the LiDAR key sweep.
        ego_state: Motion now.
        history_ego: float64 [H, 4], oldest first: age (s, negative), x, y (m), yaw (rad); ends before now.
        future_ego_m: float64 [T, 2], where the vehicle truly went.
        command: Where the route leads, one of `waymend.vocabulary.COMMANDS`.
        agents: Annotated boxes.
        road_map: Lines and drivable areas around the vehicle; None where the data set has no map.
    """

    sample_token: str
    scene_name: str
    log_name: str
    location: str
    timestamp_us: int
    ego_state: EgoState
    history_ego: NDArray[np.float64]
    future_ego_m: NDArray[np.float64]
    command: str
    agents: tuple[AgentBox, ...]
    road_map: VectorMap | None


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A trajectory to correct: float64 [T, 2] in the ego frame, metres; `kind` says how it was made."""

    kind: str
    waypoints_ego_m: NDArray[np.float64]
