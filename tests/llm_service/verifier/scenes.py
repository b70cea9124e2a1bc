"""Small scenes for the verifier's tests."""

import numpy as np
from numpy.typing import NDArray

from llm_service.verifier import EgoDimensions, PreparedScene, Verifier, VerifierLimits
from waymend.agents import AgentBox, DrivableArea
from waymend.trajectory import EgoState

STEP_S = 0.5
VERIFIER = Verifier(VerifierLimits(), EgoDimensions())
EMPTY = PreparedScene.of((), None)
FRONT_M = 1.385 + 4.084 / 2
"""From the rear axle to the front bumper."""


def straight(speed_mps: float, acceleration_mps2: float = 0.0, waypoints: int = 6) -> NDArray[np.float64]:
    """A trajectory along the x axis."""
    times_s = STEP_S * np.arange(1, waypoints + 1)
    return np.stack((speed_mps * times_s + acceleration_mps2 * times_s**2 / 2, np.zeros(waypoints)), axis=1)


def circle(speed_mps: float, radius_m: float, waypoints: int = 6) -> NDArray[np.float64]:
    """A trajectory to the left on a circle that touches the x axis at the origin."""
    angles = speed_mps / radius_m * STEP_S * np.arange(1, waypoints + 1)
    return radius_m * np.stack((np.sin(angles), 1 - np.cos(angles)), axis=1)


def car(
    x_m: float,
    y_m: float = 0.0,
    velocity: tuple[float, float] = (0.0, 0.0),
    yaw_rad: float = 0.0,
    track_id: str = "car-1",
    length_m: float = 4.0,
    width_m: float = 2.0,
) -> AgentBox:
    return AgentBox(track_id, "car", (x_m, y_m, 0.8), length_m, width_m, 1.6, yaw_rad, velocity)


def rectangle(x0: float, x1: float, y0: float, y1: float) -> NDArray[np.float32]:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def road(*holes: NDArray[np.float32]) -> DrivableArea:
    """100 m ahead, 20 m behind, 4 m to either side."""
    return DrivableArea(rectangle(-20, 100, -4, 4), holes)


def judge(trajectory, speed_mps, agents=(), areas=None, acceleration_mps2=0.0, yaw_rate_radps=0.0):
    state = EgoState(speed_mps, acceleration_mps2, yaw_rate_radps)
    return VERIFIER.judge(trajectory, STEP_S, state, PreparedScene.of(agents, areas))
