"""What every benchmark asks for: distinct proposals around 9 m/s."""

import numpy as np
from numpy.typing import NDArray

from waymend.trajectory import EgoState, Horizon

EGO_STATE = EgoState(9.0)
HORIZON = Horizon()
SESSIONS = 64
"""Scenes that requests take in turn: more than the engine's prefix cache is given room for, so that none is found."""


def session_name(index: int) -> str:
    """The session that request number `index` uses."""
    return f"bench-{index % SESSIONS}"


def proposal(seed: int) -> NDArray[np.float64]:
    """A gently curved trajectory, [6, 2] metres, different for each seed."""
    random = np.random.default_rng(seed)
    speed_mps, curvature_1pm = random.uniform(7.0, 11.0), random.uniform(-0.01, 0.01)
    distance_m = speed_mps * HORIZON.times_s
    return np.stack([distance_m, 0.5 * curvature_1pm * distance_m**2], axis=1).round(3)
