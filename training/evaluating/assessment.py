"""A trajectory measured against what truly happened."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from nuscenes.nuscenes import NuScenes

from llm_service.verifier import EgoDimensions, VerifierLimits
from llm_service.verifier.drivable_area import DrivableRegion
from llm_service.verifier.kinematics import kinematics_of
from llm_service.verifier.path import ego_path
from training.data.samples.keyframe import Keyframe
from training.evaluating.agent_futures import AgentFutures, agent_futures
from training.evaluating.metrics.collision import collisions
from training.evaluating.metrics.drivable import outside_m
from training.evaluating.metrics.kinematics import violations
from training.evaluating.metrics.l2 import distances_m
from waymend.trajectory import Horizon

LIMITS = VerifierLimits()
EGO = EgoDimensions()


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """One trajectory.

    Attributes:
        distance_m: float64 [T], of each waypoint to the true one.
        collided: float64 [T], 1, 0 or NaN where unknown.
        outside_m: Farthest outside the drivable area; NaN where unknown.
        violated: Kinematic checks that fail.
    """

    distance_m: NDArray[np.float64]
    collided: NDArray[np.float64]
    outside_m: float
    violated: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class TrueScene:
    """What trajectories in a key frame are measured against."""

    keyframe: Keyframe
    futures: AgentFutures
    region: DrivableRegion | None

    def assess(self, trajectory_ego_m: NDArray[np.float64], horizon: Horizon) -> Assessment:
        """Measures a trajectory [T, 2]."""
        motion = kinematics_of(trajectory_ego_m, horizon.step_s, self.keyframe.ego_state)
        path = ego_path(trajectory_ego_m, horizon.step_s, motion.heading_rad, EGO, LIMITS.substep_s)
        per_step = (len(path.times_s) - 1) // horizon.waypoints
        return Assessment(
            distance_m=distances_m(trajectory_ego_m, self.keyframe.future_ego_m),
            collided=collisions(path.corners_ego_m[per_step::per_step], self.futures),
            outside_m=outside_m(path, self.region),
            violated=violations(motion, LIMITS),
        )


def true_scenes(nuscenes: NuScenes, keyframes: tuple[Keyframe, ...], horizon: Horizon) -> Mapping[str, TrueScene]:
    """The scene of each key frame, by sample token."""
    return {
        keyframe.sample_token: TrueScene(
            keyframe, agent_futures(nuscenes, keyframe.sample_token, horizon), _region(keyframe)
        )
        for keyframe in keyframes
    }


def _region(keyframe: Keyframe) -> DrivableRegion | None:
    road_map = keyframe.road_map
    return DrivableRegion.of(road_map.drivable_areas) if road_map is not None and road_map.drivable_areas else None
