"""First contact of the ego vehicle with the forecast of the agents."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from llm_service.verifier.forecast import AgentForecast
from llm_service.verifier.kinematics import SHORTEST_HEADING_STEP_M
from llm_service.verifier.path import EgoPath
from waymend.agents import AgentBox


@dataclass(frozen=True, slots=True)
class Contact:
    """The ego vehicle touches an agent: when, and which. `time_s` is the start of the substep of the contact."""

    time_s: float
    agent: AgentBox


def contacts_of(path: EgoPath, forecast: AgentForecast) -> tuple[Contact, ...]:
    """The first contact with each agent that is touched, earliest first.

    The vehicle's box is swept from each pose to the next in the frame of the moving agent, so nothing is jumped over,
    however fast. Two kinds of contact are ignored:

    - With an agent that overlaps the vehicle already now, until the two have parted: it is mostly a detection of the
      vehicle itself or an annotation error, and no trajectory can avoid it.
    - With an agent that follows in the vehicle's track, unless the vehicle reverses by more than
      `SHORTEST_HEADING_STEP_M`: whoever follows brakes, which constant velocity does not forecast. nuPlan's
      `no_ego_at_fault_collisions` leaves out being hit in the rear too.
    """
    near = np.flatnonzero(_may_touch(path, forecast))
    if not len(near):
        return ()
    touched = _touched(path, forecast, near)
    hit = np.flatnonzero(touched.any(axis=1))
    if not len(hit):
        return ()
    touched, agents = touched[hit], near[hit]
    outlines = forecast.polygons_at(0.0)[agents]
    overlapping = shapely.intersects(shapely.Polygon(path.corners_ego_m[0]), outlines)
    touched[overlapping] &= np.logical_or.accumulate(~touched[overlapping], axis=1)
    if path.reversed_m <= SHORTEST_HEADING_STEP_M:
        touched &= ~_follow(path, outlines, forecast.velocity_ego_mps[agents])[:, None]
    first = touched.argmax(axis=1)
    order = sorted((int(first[row]), int(agents[row])) for row in np.flatnonzero(touched.any(axis=1)))
    return tuple(Contact(float(path.times_s[substep]), forecast.agents[agent]) for substep, agent in order)


def _may_touch(path: EgoPath, forecast: AgentForecast) -> NDArray[np.bool_]:
    """Agents [A] whose circle and the vehicle's come near enough at some pose, as far as a substep can move them."""
    middle = path.corners_ego_m.mean(axis=1)
    radius_m = np.hypot(*(path.corners_ego_m[0, 0] - middle[0]))
    apart = forecast.centers_at(path.times_s) - middle
    distance_m = np.hypot(apart[..., 0], apart[..., 1])
    moved = np.diff(apart, axis=1)
    reach_m = np.hypot(moved[..., 0], moved[..., 1]).max(axis=1, initial=0.0)
    return distance_m.min(axis=1) <= radius_m + forecast.radius_m + reach_m


def _touched(path: EgoPath, forecast: AgentForecast, near: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether the box, swept over each substep, touches each near agent, [N, S-1]."""
    corners = _in_agent_frames(path, forecast, near)
    swept = np.concatenate((corners[:, :-1], corners[:, 1:]), axis=2)
    half_m = shapely.bounds(forecast.outlines[near])[:, None, 2:]
    touched = ((swept.min(axis=2) <= half_m) & (swept.max(axis=2) >= -half_m)).all(axis=-1)
    rows, substeps = np.nonzero(touched)
    hulls = shapely.convex_hull(shapely.multipoints(swept[rows, substeps]))
    touched[rows, substeps] = shapely.intersects(hulls, forecast.outlines[near][rows])
    return touched


def _follow(path: EgoPath, outlines: NDArray[np.object_], velocity_ego_mps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which agents are now wholly behind the vehicle, in its track, and come along its way rather than across it."""
    rear_m, right_m = path.corners_ego_m[0].min(axis=0)
    left_m = path.corners_ego_m[0, :, 1].max()
    bounds = shapely.bounds(outlines)
    behind_in_track = (bounds[:, 2] <= rear_m) & (bounds[:, 1] < left_m) & (bounds[:, 3] > right_m)
    return behind_in_track & (velocity_ego_mps[:, 0] > np.abs(velocity_ego_mps[:, 1]))


def _in_agent_frames(path: EgoPath, forecast: AgentForecast, near: NDArray[np.intp]) -> NDArray[np.float64]:
    """The vehicle's corners in each near agent's own moving frame, [N, S, 4, 2]."""
    centers = forecast.centers_at(path.times_s)[near]
    return (path.corners_ego_m - centers[:, :, None]) @ forecast.axes[near].swapaxes(1, 2)[:, None]
