"""Trajectories: [T, 2] metres in the ego frame, waypoint k reached at (k + 1) * step_s seconds from now."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from waymend.errors import InvalidField

FARTHEST_WAYPOINT_M = 500.0
"""3 s at more than 160 m/s; anything farther is not a driving plan."""
MOST_WAYPOINTS = 100


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far a trajectory looks ahead: `waypoints` of them, `step_s` seconds apart."""

    waypoints: int = 6
    step_s: float = 0.5

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Time of each waypoint from now, [T] seconds."""
        return self.step_s * np.arange(1, self.waypoints + 1, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class EgoState:
    """Motion of the ego vehicle now.

    Attributes:
        speed_mps: Along the ego x axis, negative in reverse.
        acceleration_mps2: Along the ego x axis.
        yaw_rate_radps: About the ego z axis, positive to the left.
    """

    speed_mps: float
    acceleration_mps2: float = 0.0
    yaw_rate_radps: float = 0.0


def checked_trajectory(waypoints: ArrayLike, horizon: Horizon, field: str) -> NDArray[np.float64]:
    """The waypoints as float64 [T, 2].

    Raises:
        InvalidField: Not `horizon.waypoints` pairs, not finite, or farther than `FARTHEST_WAYPOINT_M`.
    """
    try:
        trajectory = np.asarray(waypoints, np.float64)
    except OverflowError:
        raise InvalidField(field, "numbers that a double can hold", "a longer one") from None
    if trajectory.shape != (horizon.waypoints, 2):
        raise InvalidField(field, f"{horizon.waypoints} waypoints of [x, y]", f"shape {list(trajectory.shape)}")
    if not np.isfinite(trajectory).all():
        raise InvalidField(field, "finite numbers", trajectory.tolist())
    if np.abs(trajectory).max() > FARTHEST_WAYPOINT_M:
        raise InvalidField(field, f"coordinates within {FARTHEST_WAYPOINT_M:g} m", trajectory.tolist())
    return trajectory
