"""Which agents the proposal touches or passes closely, and the correction does not."""

import math
from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from llm_service.explaining.claims import Collision, TooClose
from llm_service.explaining.situation import EGO, Situation
from llm_service.verifier import Course
from llm_service.verifier.collision import contacts_of
from llm_service.verifier.forecast import AgentForecast
from llm_service.verifier.mention import MOVING_FROM_MPS, mention_of
from waymend.agents import AgentBox

FRONT_M = EGO.rear_axle_to_center_m + EGO.length_m / 2
REAR_M = EGO.rear_axle_to_center_m - EGO.length_m / 2
"""From the rear axle to the bumpers."""
_LATER_BY_S = 0.5
_CLEARANCE_M = 0.5
_CLEARANCES_M = {"pedestrian": 1.0, "bicycle": 1.0, "motorcycle": 1.0, "barrier": 0.3, "traffic_cone": 0.3}
_MORE_CLEARANCE_M = 0.3


def collisions(situation: Situation) -> Iterator[Collision]:
    """Contacts of the proposal that the correction avoids, or meets at least 0.5 s later; earliest first."""
    forecast = situation.scene.forecast
    if forecast is None:
        return
    kept_s = {id(contact.agent): contact.time_s for contact in contacts_of(situation.correction.path, forecast)}
    for contact in contacts_of(situation.proposal.path, forecast):
        mention = mention_of(contact.agent, REAR_M, FRONT_M)
        later_s = kept_s.get(id(contact.agent), math.inf) - contact.time_s
        if mention is not None and later_s >= _LATER_BY_S - 1e-9:
            yield Collision(mention, contact.time_s)


def close_passes(situation: Situation) -> Iterator[TooClose]:
    """Agents, not behind the vehicle, that the moving proposal passes closely and the correction 0.3 m farther off.

    Close is less than 1 m to people on foot or on two wheels, 0.3 m to barriers and cones, 0.5 m to anything else.
    The closest comes first.
    """
    agents = _near(situation)
    if not agents:
        return
    planned_m = clearances_m(situation.proposal, agents)
    corrected_m = clearances_m(situation.correction, agents).min(axis=1)
    for row in np.argsort(planned_m.min(axis=1), kind="stable"):
        agent, closest = agents[row], int(planned_m[row].argmin())
        mention, clearance_m = mention_of(agent, REAR_M, FRONT_M), float(planned_m[row, closest])
        if mention is None or mention.ahead_m < 0 or not _moves_at(situation.proposal, closest):
            continue
        close = 0 < clearance_m < _CLEARANCES_M.get(agent.object_class, _CLEARANCE_M)
        if close and corrected_m[row] >= clearance_m + _MORE_CLEARANCE_M:
            yield TooClose(mention, clearance_m)


def clearances_m(course: Course, agents: tuple[AgentBox, ...]) -> NDArray[np.float64]:
    """Distances of the vehicle's box to the forecast boxes of A agents, [A, S]; 0 where they overlap."""
    forecast, times_s = AgentForecast.of(agents), course.path.times_s
    corners = shapely.get_coordinates(forecast.polygons_at(0.0)).reshape(len(agents), 1, -1, 2)
    moved = corners + (forecast.velocity_ego_mps[:, None] * times_s[:, None])[:, :, None]
    return shapely.distance(shapely.polygons(moved), shapely.polygons(course.path.corners_ego_m))


def _near(situation: Situation) -> tuple[AgentBox, ...]:
    """Agents whose circle and that of the vehicle come within 1 m of each other along the proposal."""
    forecast, path = situation.scene.forecast, situation.proposal.path
    if forecast is None or not forecast.agents:
        return ()
    apart = forecast.centers_at(path.times_s) - path.corners_ego_m.mean(axis=1)
    reach_m = math.hypot(EGO.length_m, EGO.width_m) / 2 + forecast.radius_m + 1.0
    near = np.hypot(apart[..., 0], apart[..., 1]).min(axis=1) <= reach_m
    return tuple(forecast.agents[index] for index in np.flatnonzero(near))


def _moves_at(course: Course, pose: int) -> bool:
    step = min(int(course.path.times_s[pose] / course.step_s), len(course.waypoints_ego_m) - 1)
    return abs(float(course.motion.speed_mps[step])) >= MOVING_FROM_MPS
