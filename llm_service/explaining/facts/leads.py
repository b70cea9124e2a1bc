"""The vehicle ahead, and how close behind it the proposal ends."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm_service.explaining.claims import Lead, ShortGap
from llm_service.explaining.facts.agents import FRONT_M, REAR_M
from llm_service.explaining.situation import EGO, Situation
from llm_service.verifier.mention import MOVING_FROM_MPS, half_extent_m, mention_of
from waymend.agents import AgentBox

_CLASSES = ("car", "truck", "construction_vehicle", "bus", "trailer", "motorcycle", "bicycle")
_WITHIN_M = 60.0
_SHORTEST_GAP_M = 2.0
_SHORTEST_HEADWAY_S = 1.0
_SHORTEST_TIME_TO_COLLISION_S = 2.0
_MORE_GAP_M = 1.0


@dataclass(frozen=True, slots=True)
class LeadGap:
    """A vehicle ahead on the correction's path, which goes on with constant velocity.

    Attributes:
        agent: The vehicle.
        now_m: Gap from bumper to bumper, along the path.
        planned_m, corrected_m: At the end of each trajectory; None where that is not behind the vehicle any more.
        speed_mps: Of the vehicle along the path.
    """

    agent: AgentBox
    now_m: float
    planned_m: float | None
    corrected_m: float | None
    speed_mps: float


def lead_claims(situation: Situation) -> Iterator[ShortGap | Lead]:
    """The vehicle ahead, if any, and whether the proposal comes too close to it.

    Too close: it ends within 2 m, 1 s of driving or 2 s of closing in behind, the correction 1 m farther.
    """
    lead = lead_of(situation)
    mention = None if lead is None else mention_of(lead.agent, REAR_M, FRONT_M)
    if lead is None or mention is None:
        return
    if _too_close(lead, situation.proposal.final_speed_mps) and lead.planned_m is not None:
        yield ShortGap(mention, lead.planned_m)
    yield Lead(mention, math.hypot(*lead.agent.velocity_ego_mps))


def lead_of(situation: Situation) -> LeadGap | None:
    """The nearest of the vehicles within 60 m that stand or drive ahead in the ego vehicle's own width."""
    agents = [agent for agent in situation.moment.agents if agent.object_class in _CLASSES]
    if not agents:
        return None
    end_s = float(situation.correction.times_s[-1])
    frame = situation.correction.frame()
    centers_m = np.array([agent.center_ego_m[:2] for agent in agents])
    moved_m = np.array([agent.velocity_ego_mps for agent in agents]) * end_s
    now, then = frame.locate(centers_m), frame.locate(centers_m + moved_m)
    ends_m = np.stack((situation.proposal.waypoints_ego_m[-1], situation.correction.waypoints_ego_m[-1]))
    ends = frame.locate(ends_m)
    gaps = []
    for agent, (along_m, left_m), after in zip(agents, now, then, strict=True):
        beside_m = (EGO.width_m + agent.width_m) / 2
        comes_closer = after[0] < along_m - MOVING_FROM_MPS * end_s
        if abs(left_m) >= beside_m or comes_closer or along_m <= 0:
            continue
        reach_m = FRONT_M + half_extent_m(agent, frame.heading_rad(along_m))
        planned_m, corrected_m = (_behind_m(end, after, reach_m, beside_m) for end in ends)
        speed_mps = float(after[0] - along_m) / end_s
        gaps.append(LeadGap(agent, float(along_m - reach_m), planned_m, corrected_m, speed_mps))
    return min((gap for gap in gaps if 0 < gap.now_m <= _WITHIN_M), key=lambda gap: gap.now_m, default=None)


def _behind_m(end: NDArray[np.float64], after: NDArray[np.float64], reach_m: float, beside_m: float) -> float | None:
    """The gap between the ends of two ways, each (along, left); None where they are beside each other."""
    return float(after[0] - reach_m - end[0]) if abs(end[1] - after[1]) < beside_m else None


def _too_close(lead: LeadGap, speed_mps: float) -> bool:
    closing_m = _SHORTEST_TIME_TO_COLLISION_S * (speed_mps - lead.speed_mps)
    enough_m = max(_SHORTEST_GAP_M, _SHORTEST_HEADWAY_S * speed_mps, closing_m)
    if lead.planned_m is None or not 0 < lead.planned_m < enough_m:
        return False
    return lead.corrected_m is None or lead.corrected_m >= lead.planned_m + _MORE_GAP_M
