"""Where the agents will be: each goes on with its velocity and keeps its heading."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from waymend.agents import AgentBox
from waymend.errors import InvalidField


@dataclass(frozen=True, slots=True, eq=False)
class AgentForecast:
    """The constant-velocity forecast of A agents.

    Attributes:
        agents: The boxes now.
        center_ego_m: [A, 2] now.
        velocity_ego_mps: [A, 2].
        axes: [A, 2, 2] unit vectors of each agent along its heading and to its left, as rows.
        radius_m: [A] of the circle around each box.
        outlines: [A] shapely boxes, each in its agent's own frame: origin at its centre, x along its heading.
    """

    agents: tuple[AgentBox, ...]
    center_ego_m: NDArray[np.float64]
    velocity_ego_mps: NDArray[np.float64]
    axes: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    outlines: NDArray[np.object_]

    @classmethod
    def of(cls, agents: Sequence[AgentBox]) -> "AgentForecast":
        """Raises InvalidField where a box holds a number that is not finite or an extent that is not positive."""
        rows = np.array(
            [(*a.center_ego_m[:2], *a.velocity_ego_mps, a.length_m, a.width_m, a.yaw_rad) for a in agents], np.float64
        ).reshape(-1, 7)
        _check(rows)
        half_m = rows[:, 4:6] / 2
        cos, sin = np.cos(rows[:, 6]), np.sin(rows[:, 6])
        return cls(
            agents=tuple(agents),
            center_ego_m=rows[:, :2],
            velocity_ego_mps=rows[:, 2:4],
            axes=np.stack((np.stack((cos, sin), -1), np.stack((-sin, cos), -1)), axis=1),
            radius_m=np.hypot(half_m[:, 0], half_m[:, 1]),
            outlines=shapely.box(-half_m[:, 0], -half_m[:, 1], half_m[:, 0], half_m[:, 1]),
        )

    def centers_at(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Centres [A, S, 2] in the ego frame of now, at times [S]."""
        return self.center_ego_m[:, None] + self.velocity_ego_mps[:, None] * times_s[:, None]

    def polygons_at(self, time_s: float) -> NDArray[np.object_]:
        """Boxes [A] as shapely polygons in the ego frame of now, at one time."""
        corners = shapely.get_coordinates(self.outlines).reshape(len(self.agents), 5, 2)
        return shapely.polygons(corners @ self.axes + self.centers_at(np.array([time_s])))


def _check(rows: NDArray[np.float64]) -> None:
    wrong = ~np.isfinite(rows).all(axis=1) | ~(rows[:, 4:6] > 0).all(axis=1)
    if wrong.any():
        index = int(wrong.argmax())
        raise InvalidField(f"agents[{index}]", "finite numbers and a positive length and width", rows[index].tolist())
