"""Controls that need nothing but the motion now, or nothing at all."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from llm_service.modeling.plan_features import constant_turn_rate_and_acceleration, constant_velocity
from training.evaluating.case import Case
from waymend.trajectory import Horizon

KINEMATIC_CONTROLS: dict[str, Callable[[Case, Horizon], NDArray[np.float64]]] = {
    "input_unchanged": lambda case, horizon: case.proposal_ego_m,
    "constant_velocity": lambda case, horizon: constant_velocity(case.keyframe.ego_state, horizon.times_s),
    "ctra": lambda case, horizon: constant_turn_rate_and_acceleration(case.keyframe.ego_state, horizon.times_s),
    "stand_still": lambda case, horizon: np.zeros((horizon.waypoints, 2)),
}
"""Trajectories [T, 2] by name; the input's own, and extrapolations as `plan_features` has them."""
