"""Everything that claims are about, computed once: the scene, and both trajectories driven through it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from llm_service.verifier import Course, EgoDimensions, PreparedScene, Verifier, VerifierLimits
from training.data.samples.keyframe import Keyframe
from waymend.errors import InvalidField
from waymend.trajectory import Horizon, checked_trajectory

STEP_S = Horizon().step_s
LIMITS = VerifierLimits()
EGO = EgoDimensions()
VERIFIER = Verifier(LIMITS, EGO)


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
            proposal=VERIFIER.course(proposal, STEP_S, keyframe.ego_state),
            correction=VERIFIER.course(corrected, STEP_S, keyframe.ego_state),
        )


@lru_cache(maxsize=8)
def _scene_of(keyframe: Keyframe) -> PreparedScene:
    """Prepared once for all proposals of a key frame, which is known by its identity."""
    road_map = keyframe.road_map
    return PreparedScene.of(keyframe.agents, None if road_map is None else road_map.drivable_areas)
