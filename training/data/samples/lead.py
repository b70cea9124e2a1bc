"""What stands or drives ahead on the path of the ego vehicle."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from training.data.samples.truth_path import along_path, headings_along
from waymend import ego_vehicle
from waymend.agents import AgentBox

_REACH_M = 60.0


@dataclass(frozen=True, slots=True)
class Lead:
    """The nearest agent in the way of the vehicle's own width; `gap_m` from front to rear, along the path."""

    agent: AgentBox
    gap_m: float


def lead_on(path_m: NDArray[np.float64], agents: tuple[AgentBox, ...]) -> Lead | None:
    """The lead on a path [K, 2] of the rear axle from here on, extended to 60 m; None where nothing is in the way."""
    if not agents:
        return None
    stations_m = np.arange(0.0, _REACH_M, 1.0)
    line = along_path(path_m, stations_m)
    centers = np.array([agent.center_ego_m[:2] for agent in agents])
    at_m = shapely.line_locate_point(shapely.LineString(line), shapely.points(centers))
    heading = headings_along(path_m, at_m)
    offset = centers - along_path(path_m, at_m)
    across_m = np.abs(offset[:, 1] * np.cos(heading) - offset[:, 0] * np.sin(heading))
    along_half_m, across_half_m = _half_extents(agents, heading)
    gap_m = at_m - along_half_m - ego_vehicle.REAR_AXLE_TO_FRONT_M
    ahead = (at_m > 0) & (at_m < stations_m[-1]) & (gap_m > 0)
    in_way = ahead & (across_m < across_half_m + ego_vehicle.WIDTH_M / 2)
    if not in_way.any():
        return None
    nearest = int(np.where(in_way, gap_m, np.inf).argmin())
    return Lead(agents[nearest], float(gap_m[nearest]))


def _half_extents(
    agents: tuple[AgentBox, ...], heading_rad: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far each box reaches from its middle along and across a direction."""
    turned = np.array([agent.yaw_rad for agent in agents]) - heading_rad
    cosine, sine = np.abs(np.cos(turned)), np.abs(np.sin(turned))
    length, width = np.array([(agent.length_m, agent.width_m) for agent in agents]).T / 2
    return length * cosine + width * sine, length * sine + width * cosine
