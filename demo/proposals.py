"""What a simple planner would propose: kinematic extrapolations of the ego state."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from llm_service.modeling.plan_features import constant_turn_rate_and_acceleration, constant_velocity
from waymend.trajectory import EgoState, Horizon


@dataclass(frozen=True, slots=True, eq=False)
class NamedProposal:
    """A proposal and the name of the rule that made it."""

    name: str
    waypoints_ego_m: NDArray[np.float64]


def kinematic_proposals(state: EgoState, horizon: Horizon) -> tuple[NamedProposal, ...]:
    """Constant velocity, constant turn rate and velocity, and a planner that speeds up by a quarter."""
    times_s = horizon.times_s
    turning = EgoState(state.speed_mps, yaw_rate_radps=state.yaw_rate_radps)
    too_fast = replace(turning, speed_mps=1.25 * state.speed_mps)
    return (
        NamedProposal("constant velocity", constant_velocity(state, times_s)),
        NamedProposal("constant turn rate", constant_turn_rate_and_acceleration(turning, times_s)),
        NamedProposal("a quarter too fast", constant_turn_rate_and_acceleration(too_fast, times_s)),
    )
