"""Cases in which what is around the vehicle matters, by the scene alone."""

import numpy as np
from numpy.typing import NDArray

from llm_service.modeling.plan_features import constant_turn_rate_and_acceleration
from llm_service.verifier.collision import contacts_of
from llm_service.verifier.forecast import AgentForecast
from llm_service.verifier.kinematics import kinematics_of
from llm_service.verifier.path import ego_path
from training.data.samples.keyframe import Keyframe
from training.data.samples.lead import lead_on
from training.data.samples.truth_path import path_through
from training.evaluating.assessment import EGO, LIMITS
from waymend.trajectory import Horizon

DEPARTS_BY_M = 1.0
LEAD_HEADWAY_S = 3.0
LEAD_GAP_M = 10.0
LANE_TURN_RAD = float(np.radians(10.0))
_BESIDE_LANE_M = 2.0
_ALONG_LANE_RAD = float(np.radians(20.0))
_SHORTEST_STEP_M = 0.1


def perception_matters(keyframe: Keyframe, horizon: Horizon) -> bool:
    """Whether the vehicle's motion does not tell where it went, and the scene has a reason.

    The truth ends more than 1 m from where CTRA ends, and one of these holds: something is ahead in the vehicle's way
    (`agent_ahead`), somebody's constant-velocity forecast meets CTRA's path (`agent_meets_ctra`), or the lanes along
    the true path turn (`lane_turns`). Proposals and models have no part in it; that CTRA is wrong is a condition.
    """
    ctra_m = constant_turn_rate_and_acceleration(keyframe.ego_state, horizon.times_s)
    if float(np.hypot(*(keyframe.future_ego_m[-1] - ctra_m[-1]))) <= DEPARTS_BY_M:
        return False
    return agent_ahead(keyframe) or agent_meets_ctra(keyframe, ctra_m, horizon) or lane_turns(keyframe)


def agent_ahead(keyframe: Keyframe) -> bool:
    """Whether an agent is in the way on the true path, within 10 m plus 3 s of driving."""
    lead = lead_on(path_through(keyframe.future_ego_m), keyframe.agents)
    reach_m = LEAD_GAP_M + LEAD_HEADWAY_S * max(keyframe.ego_state.speed_mps, 0.0)
    return lead is not None and lead.gap_m <= reach_m


def agent_meets_ctra(keyframe: Keyframe, ctra_m: NDArray[np.float64], horizon: Horizon) -> bool:
    """Whether the verifier would find a contact on CTRA's path."""
    motion = kinematics_of(ctra_m, horizon.step_s, keyframe.ego_state)
    path = ego_path(ctra_m, horizon.step_s, motion.heading_rad, EGO, LIMITS.substep_s)
    return bool(contacts_of(path, AgentForecast.of(keyframe.agents)))


def lane_turns(keyframe: Keyframe) -> bool:
    """Whether a lane within 2 m of the true path, and along it, turns by more than 10 degrees from the heading now."""
    if keyframe.road_map is None:
        return False
    truth = np.concatenate((np.zeros((1, 2)), keyframe.future_ego_m))
    steps = np.diff(truth, axis=0)
    moving = np.hypot(*steps.T) >= _SHORTEST_STEP_M
    middles, headings = (truth[:-1] + steps / 2)[moving], np.arctan2(steps[:, 1], steps[:, 0])[moving]
    lanes = [line for line in keyframe.road_map.polylines if line.kind == "lane_centerline"]
    return any(_turns_along(line.points_ego_m.astype(np.float64), middles, headings) for line in lanes)


def _turns_along(
    lane_m: NDArray[np.float64], middles_m: NDArray[np.float64], headings_rad: NDArray[np.float64]
) -> bool:
    """Whether some piece of a lane [K, 2] that turns from the x axis lies beside a step of the path, and along it."""
    pieces = np.diff(lane_m, axis=0)
    length_sq = np.maximum((pieces**2).sum(axis=1), 1e-12)
    along = ((middles_m[:, None] - lane_m[:-1]) * pieces).sum(axis=-1) / length_sq
    nearest = lane_m[:-1] + np.clip(along, 0.0, 1.0)[..., None] * pieces
    beside = np.linalg.norm(middles_m[:, None] - nearest, axis=-1) <= _BESIDE_LANE_M
    direction = np.arctan2(pieces[:, 1], pieces[:, 0])
    parallel = np.abs(_wrapped(direction - headings_rad[:, None])) <= _ALONG_LANE_RAD
    return bool((beside & parallel & (np.abs(direction) > LANE_TURN_RAD)).any())


def _wrapped(angle_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.arctan2(np.sin(angle_rad), np.cos(angle_rad))
