"""What a simple planner would propose: kinematic extrapolations of the ego state."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from waymend.trajectory import EgoState, Horizon

_STRAIGHT_RADPS = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class NamedProposal:
    """A proposal and the name of the rule that made it."""

    name: str
    waypoints_ego_m: NDArray[np.float64]


def kinematic_proposals(state: EgoState, horizon: Horizon) -> tuple[NamedProposal, ...]:
    """Constant velocity, constant turn rate and velocity, and a planner that speeds up by a quarter."""
    times_s = horizon.times_s
    straight = np.stack([state.speed_mps * times_s, np.zeros_like(times_s)], axis=1)
    return (
        NamedProposal("constant velocity", straight),
        NamedProposal("constant turn rate", _turning(state.speed_mps, state.yaw_rate_radps, times_s)),
        NamedProposal("a quarter too fast", _turning(1.25 * state.speed_mps, state.yaw_rate_radps, times_s)),
    )


def _turning(speed_mps: float, yaw_rate_radps: float, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions on a circular arc, [T, 2]."""
    if abs(yaw_rate_radps) < _STRAIGHT_RADPS:
        return np.stack([speed_mps * times_s, np.zeros_like(times_s)], axis=1)
    radius_m = speed_mps / yaw_rate_radps
    angle_rad = yaw_rate_radps * times_s
    return np.stack([radius_m * np.sin(angle_rad), radius_m * (1 - np.cos(angle_rad))], axis=1)
