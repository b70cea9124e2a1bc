"""The proposal and the ego motion as continuous features: what text could carry only coarsely."""

import numpy as np
from numpy.typing import NDArray

from waymend.trajectory import EgoState
from waymend.vocabulary import COMMANDS

POSITION_SCALE_M = 20.0
SPEED_SCALE_MPS = 10.0
DEVIATION_SCALE_M = 2.0
ACCELERATION_SCALE_MPS2 = 3.0
YAW_RATE_SCALE_RADPS = 0.5
_STRAIGHT_RADPS = 1e-4
"""Below this yaw rate the CTRA formula loses digits and its series is used."""

WAYPOINT_FIELDS = (
    "proposal_x",
    "proposal_y",
    "velocity_x",  # from the previous waypoint to this one, the first from the origin
    "velocity_y",
    "constant_velocity_x",
    "constant_velocity_y",
    "ctra_x",
    "ctra_y",
    "minus_constant_velocity_x",  # proposal minus extrapolation
    "minus_constant_velocity_y",
    "minus_ctra_x",
    "minus_ctra_y",
)
EGO_FIELDS = ("speed", "acceleration", "yaw_rate", *(f"command_{command}" for command in COMMANDS))
"""Fields of each waypoint, and after those of the last one the ego vehicle's, each divided by its scale so that common
values are of about unit size."""


def plan_width(waypoints: int) -> int:
    """Numbers that tell a plan of so many waypoints."""
    return len(WAYPOINT_FIELDS) * waypoints + len(EGO_FIELDS)


def plan_features(
    proposal_ego_m: NDArray[np.float64], step_s: float, ego_state: EgoState, command: str
) -> NDArray[np.float32]:
    """The proposal [T, 2], the ego state and the command as the numbers of one token: float32 [1, plan_width(T)].

    One token, since a correction of any waypoint depends on all of them: a projector sees at once what attention would
    first have to collect from a token per waypoint.
    """
    times_s = step_s * np.arange(1, len(proposal_ego_m) + 1, dtype=np.float64)
    constant_velocity_m = constant_velocity(ego_state, times_s)
    ctra_m = constant_turn_rate_and_acceleration(ego_state, times_s)
    waypoints = np.concatenate(
        (
            proposal_ego_m / POSITION_SCALE_M,
            np.diff(proposal_ego_m, axis=0, prepend=np.zeros((1, 2))) / step_s / SPEED_SCALE_MPS,
            constant_velocity_m / POSITION_SCALE_M,
            ctra_m / POSITION_SCALE_M,
            (proposal_ego_m - constant_velocity_m) / DEVIATION_SCALE_M,
            (proposal_ego_m - ctra_m) / DEVIATION_SCALE_M,
        ),
        axis=1,
    )
    ego = [
        ego_state.speed_mps / SPEED_SCALE_MPS,
        ego_state.acceleration_mps2 / ACCELERATION_SCALE_MPS2,
        ego_state.yaw_rate_radps / YAW_RATE_SCALE_RADPS,
        *(float(command == known) for known in COMMANDS),
    ]
    return np.concatenate((waypoints.ravel(), ego)).astype(np.float32)[None]


def constant_velocity(ego_state: EgoState, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions [T, 2] in the ego frame, metres, when speed and heading stay as they are."""
    return np.stack([ego_state.speed_mps * times_s, np.zeros_like(times_s)], axis=1)


def constant_turn_rate_and_acceleration(ego_state: EgoState, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions [T, 2] in the ego frame, metres, under the CTRA model; a braking vehicle stops and stays.

    Formula: R. Schubert, E. Richter, G. Wanielik, "Comparison and Evaluation of Advanced Motion Models for Vehicle
    Tracking", FUSION 2008, with the initial heading along x. Near yaw rate 0, its first-order series in the yaw rate.
    """
    v, a, w = ego_state.speed_mps, ego_state.acceleration_mps2, ego_state.yaw_rate_radps
    t = np.minimum(times_s, -v / a) if v * a < 0 else times_s
    if abs(w) < _STRAIGHT_RADPS:
        return np.stack([v * t + a * t**2 / 2, w * (v * t**2 / 2 + a * t**3 / 3)], axis=1)
    speed, sine, cosine = v + a * t, np.sin(w * t), np.cos(w * t)
    x_m = (speed * w * sine + a * (cosine - 1.0)) / w**2
    y_m = (-speed * w * cosine + a * sine + v * w) / w**2
    return np.stack([x_m, y_m], axis=1)
