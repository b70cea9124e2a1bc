"""Everything that claims are about, computed once: what is known of the moment, and both trajectories driven in it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from llm_service.verifier import Course, EgoDimensions, PreparedScene, Verifier, VerifierLimits
from waymend.agents import AgentBox, VectorMap
from waymend.errors import InvalidField
from waymend.trajectory import EgoState, Horizon, checked_trajectory

STEP_S = Horizon().step_s
EGO = EgoDimensions()
VERIFIER = Verifier(VerifierLimits(), EGO)


class Moment(Protocol):
    """What is known now, in the ego frame; `road_map` is None where no map is known."""

    def __hash__(self) -> int: ...
    @property
    def agents(self) -> tuple[AgentBox, ...]: ...
    @property
    def road_map(self) -> VectorMap | None: ...
    @property
    def ego_state(self) -> EgoState: ...
    @property
    def command(self) -> str: ...


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """A moment with a proposal and its correction; `scene` holds its agents and drivable areas, prepared."""

    moment: Moment
    scene: PreparedScene
    proposal: Course
    correction: Course
    limits: VerifierLimits = VERIFIER.limits

    @classmethod
    def of(
        cls, moment: Moment, proposal_ego_m: NDArray[np.float64], corrected_ego_m: NDArray[np.float64]
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
            moment=moment,
            scene=_scene_of(moment),
            proposal=VERIFIER.course(proposal, STEP_S, moment.ego_state),
            correction=VERIFIER.course(corrected, STEP_S, moment.ego_state),
        )


@lru_cache(maxsize=8)
def _scene_of(moment: Moment) -> PreparedScene:
    """Prepared once for all proposals of a moment."""
    road_map = moment.road_map
    return PreparedScene.of(moment.agents, None if road_map is None else road_map.drivable_areas)
