"""How to speak of an agent, so that a reader can find it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from waymend.agents import AgentBox

AgentMotion = Literal["standing", "moving", "oncoming", "crossing to the left", "crossing to the right"]

CROSSING: tuple[AgentMotion, ...] = ("crossing to the left", "crossing to the right")
NEVER_MOVE = ("barrier", "traffic_cone")
"""Classes of which it is not said that they stand."""
MOVING_FROM_MPS = 0.5
BESIDE_WITHIN_M = 0.5
_IN_LINE_WITHIN_M = 1.0
_FINE_BELOW_M = 10.0


@dataclass(frozen=True, slots=True)
class AgentMention:
    """An agent in the ego frame of now: x forward, y left, metres.

    Attributes:
        object_class: One of `waymend.vocabulary.OBJECT_CLASSES`.
        motion: How it moves now, as the ego vehicle sees it.
        ahead_m: From the ego front bumper to the nearest edge of its box; negative from the rear bumper backwards; 0
            where the two overlap along x.
        left_m: Of its centre from the ego centre line, positive to the left; 0 within 1 m.
    """

    object_class: str
    motion: AgentMotion
    ahead_m: float
    left_m: float


def mention_of(agent: AgentBox, rear_m: float, front_m: float) -> AgentMention | None:
    """The mention of an agent; None for one that overlaps the ego vehicle along x and lies on its centre line.

    Args:
        agent: In the ego frame.
        rear_m, front_m: x of the ego bumpers.
    """
    x_m, y_m = agent.center_ego_m[:2]
    reach_m = half_extent_m(agent, 0.0)
    ahead_m = max(x_m - reach_m - front_m, 0.0) + min(x_m + reach_m - rear_m, 0.0)
    left_m = y_m if abs(y_m) >= _IN_LINE_WITHIN_M else 0.0
    if ahead_m == left_m == 0.0:
        return None
    return AgentMention(agent.object_class, motion_of(agent), ahead_m, left_m)


def motion_of(agent: AgentBox) -> AgentMotion:
    """By its velocity along the ego axes: crossing where it moves more across than along."""
    forward_mps, left_mps = agent.velocity_ego_mps
    if math.hypot(forward_mps, left_mps) < MOVING_FROM_MPS:
        return "standing"
    if abs(left_mps) > abs(forward_mps):
        return "crossing to the left" if left_mps > 0 else "crossing to the right"
    return "moving" if forward_mps > 0 else "oncoming"


def half_extent_m(agent: AgentBox, direction_rad: float) -> float:
    """How far the box reaches from its centre in a direction of the ego frame."""
    turn_rad = agent.yaw_rad - direction_rad
    return abs(math.cos(turn_rad)) * agent.length_m / 2 + abs(math.sin(turn_rad)) * agent.width_m / 2


def mention_in_words(mention: AgentMention, metres: Callable[[str], str] = "{} m".format) -> str:
    """Such as `standing car 12 m ahead and 2.5 m to the left`; distances as of `said_step_m`.

    What is not said is 0: an agent without a side is on the centre line, one without a distance ahead or behind is
    beside the vehicle.

    Args:
        mention: The agent.
        metres: Puts the unit to a number.
    """
    noun = mention.object_class.replace("_", " ")
    if mention.motion in CROSSING:
        noun = f"{noun} {mention.motion}"
    elif mention.object_class not in NEVER_MOVE or mention.motion != "standing":
        noun = f"{mention.motion} {noun}"
    side = f"{metres(_said(mention.left_m))} to the {'left' if mention.left_m > 0 else 'right'}"
    if mention.left_m and abs(mention.ahead_m) < BESIDE_WITHIN_M:
        return f"{noun} {side}"
    way = f"{metres(_said(mention.ahead_m))} {'ahead' if mention.ahead_m > 0 else 'behind'}"
    return f"{noun} {way} and {side}" if mention.left_m else f"{noun} {way}"


def said_step_m(distance_m: float) -> float:
    """Distances are rounded to 0.5 m, from 10 m on to 1 m."""
    return 0.5 if abs(distance_m) < _FINE_BELOW_M else 1.0


def rounded(value: float, step: float) -> str:
    """The nearest multiple of a step that is 1, 0.5, 0.1 or 0.01, without needless zeros."""
    return f"{round(round(value / step) * step, 2):g}"


def _said(distance_m: float) -> str:
    return rounded(abs(distance_m), said_step_m(distance_m))
