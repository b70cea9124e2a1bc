"""Everything that claims are about, computed once: the scene, and both trajectories driven through it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from llm_service.verifier import EgoDimensions, PreparedScene, VerifierLimits
from llm_service.verifier.kinematics import SHORTEST_HEADING_STEP_M, Kinematics, kinematics_of
from llm_service.verifier.path import EgoPath, ego_path
from training.data.explanations.path_frame import PathFrame
from training.data.samples.keyframe import Keyframe
from waymend.errors import InvalidField
from waymend.trajectory import EgoState, Horizon, checked_trajectory

STEP_S = Horizon().step_s
LIMITS = VerifierLimits()
EGO = EgoDimensions()
_STANDS_WITHIN_M = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A trajectory [T, 2] in the ego frame, its motion and the vehicle's boxes along it."""

    waypoints_ego_m: NDArray[np.float64]
    motion: Kinematics
    path: EgoPath

    @classmethod
    def of(cls, waypoints_ego_m: NDArray[np.float64], ego_state: EgoState) -> Self:
        motion = kinematics_of(waypoints_ego_m, STEP_S, ego_state)
        path = ego_path(waypoints_ego_m, STEP_S, motion.heading_rad, EGO, LIMITS.substep_s)
        return cls(waypoints_ego_m, motion, path)

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Time of each waypoint, [T]."""
        return Horizon(len(self.waypoints_ego_m), STEP_S).times_s

    @property
    def way_m(self) -> float:
        """Length of the way, what is driven in reverse taken off."""
        return float(self.motion.speed_mps.sum() * STEP_S)

    @property
    def final_speed_mps(self) -> float:
        """Mean over the last step, negative in reverse."""
        return float(self.motion.speed_mps[-1])

    @property
    def stands(self) -> bool:
        """Whether no waypoint is farther than 0.5 m away."""
        return float(np.hypot(*self.waypoints_ego_m.T).max()) <= _STANDS_WITHIN_M

    def frame(self) -> PathFrame:
        """Along the forward steps that are long enough to have a direction; along the x axis where there is none."""
        if self.way_m <= _STANDS_WITHIN_M:
            return PathFrame.extended(np.empty((0, 2)))
        forward = self.motion.speed_mps * STEP_S >= SHORTEST_HEADING_STEP_M
        return PathFrame.extended(self.waypoints_ego_m[forward])


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """A key frame with a proposal and its correction."""

    keyframe: Keyframe
    scene: PreparedScene
    proposal: Course
    correction: Course

    @classmethod
    def of(
        cls, keyframe: Keyframe, proposal_ego_m: NDArray[np.float64], corrected_ego_m: NDArray[np.float64]
    ) -> "Situation":
        """Both trajectories are [T, 2], waypoint k reached at (k + 1) * 0.5 s.

        Raises:
            InvalidField: A trajectory of another shape, not finite or absurdly far, or two of different lengths; an
                agent or drivable area with numbers that are not finite or without extent.
        """
        horizon = Horizon(waypoints=len(proposal_ego_m))
        if not horizon.waypoints:
            raise InvalidField("proposal_ego_m", "at least one waypoint", "none")
        proposal = checked_trajectory(proposal_ego_m, horizon, "proposal_ego_m")
        corrected = checked_trajectory(corrected_ego_m, horizon, "corrected_ego_m")
        return cls(
            keyframe=keyframe,
            scene=_scene_of(keyframe),
            proposal=Course.of(proposal, keyframe.ego_state),
            correction=Course.of(corrected, keyframe.ego_state),
        )


@lru_cache(maxsize=8)
def _scene_of(keyframe: Keyframe) -> PreparedScene:
    """Prepared once for all proposals of a key frame, which is known by its identity."""
    road_map = keyframe.road_map
    return PreparedScene.of(keyframe.agents, None if road_map is None else road_map.drivable_areas)
