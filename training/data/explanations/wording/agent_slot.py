"""An agent in a text: how it moves, what it is, where it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from training.data.explanations.claims import AgentMention, AgentMotion
from training.data.explanations.wording.slots import NUMBER, Said, rounded, unit_pattern, with_unit
from training.data.explanations.wording.voice import Voice
from waymend.vocabulary import OBJECT_CLASSES

_NOUNS = {name: name.replace("_", " ") for name in OBJECT_CLASSES}
_NEVER_MOVE = ("barrier", "traffic_cone")
_CROSSING = ("crossing to the left", "crossing to the right")
_BEFORE_NOUN = tuple(motion for motion in get_args(AgentMotion) if motion not in _CROSSING)
_FINE_BELOW_M = 10.0
_BESIDE_WITHIN_M = 0.5
_SLACK_M = 0.1


@dataclass(frozen=True, slots=True)
class AgentSlot:
    """The field `agent`, such as `standing car 12 m ahead and 2.5 m to the left`.

    Distances are rounded to 0.5 m, from 10 m on to 1 m. What is not said is 0: an agent without a side is on the centre
    line, one without a distance ahead or behind is beside the vehicle.
    """

    def write(self, values: Mapping[str, Any], voice: Voice) -> str:
        agent: AgentMention = values["agent"]
        noun = _NOUNS[agent.object_class]
        if agent.motion in _CROSSING:
            noun = f"{noun} {agent.motion}"
        elif agent.object_class not in _NEVER_MOVE or agent.motion != "standing":
            noun = f"{agent.motion} {noun}"
        return f"{noun} {_place(agent, voice)}"

    def pattern(self, name: str) -> str:
        metres = unit_pattern("m")
        ahead = rf"(?P<{name}_ahead>{NUMBER}) {metres} (?P<{name}_way>ahead|behind)"
        side = rf"(?P<{name}_aside>{NUMBER}) {metres} to the (?P<{name}_side>left|right)"
        noun, never_move = "|".join(_NOUNS.values()), "|".join(_NOUNS[key] for key in _NEVER_MOVE)
        who = (
            rf"(?:(?P<{name}_motion>{'|'.join(_BEFORE_NOUN)}) (?P<{name}_noun>{noun})"
            rf"|(?P<{name}_crosser>{noun}) (?P<{name}_crossing>{'|'.join(_CROSSING)})|(?P<{name}_still>{never_move}))"
        )
        beside = rf"(?P<{name}_beside>{NUMBER}) {metres} to the (?P<{name}_of>left|right)"
        return rf"{who} (?:{ahead}(?: and {side})?|{beside})"

    def read(self, groups: Mapping[str, str | None], name: str) -> Said:
        found = {key.removeprefix(f"{name}_"): value for key, value in groups.items() if key.startswith(f"{name}_")}
        said_noun = found["noun"] or found["crosser"] or found["still"]
        object_class = next(key for key, noun in _NOUNS.items() if noun == said_noun)
        ahead_m = float(found["ahead"] or 0) * (-1 if found["way"] == "behind" else 1)
        left_m = float(found["aside"] or found["beside"] or 0) * (-1 if "right" in (found["side"], found["of"]) else 1)
        motion = found["motion"] or found["crossing"] or "standing"
        agent = AgentMention(object_class, motion, ahead_m, left_m)  # ty: ignore[invalid-argument-type]
        tolerances = {
            "agent.ahead_m": _tolerance_m(ahead_m) if found["ahead"] else _BESIDE_WITHIN_M,
            "agent.left_m": _tolerance_m(left_m) if left_m else 0.0,
        }
        return Said({"agent": agent}, tolerances)


def _place(agent: AgentMention, voice: Voice) -> str:
    side = f"{_distance(agent.left_m, voice)} to the {'left' if agent.left_m > 0 else 'right'}"
    if agent.left_m and abs(agent.ahead_m) < _BESIDE_WITHIN_M:
        return side
    way = f"{_distance(agent.ahead_m, voice)} {'ahead' if agent.ahead_m > 0 else 'behind'}"
    return f"{way} and {side}" if agent.left_m else way


def _distance(distance_m: float, voice: Voice) -> str:
    return with_unit(rounded(abs(distance_m), _step_m(distance_m)), "m", voice)


def _step_m(distance_m: float) -> float:
    return 0.5 if abs(distance_m) < _FINE_BELOW_M else 1.0


def _tolerance_m(said_m: float) -> float:
    """A distance just below 10 m is rounded to 10 m by half metres; the wider step is allowed there."""
    return _step_m(said_m) / 2 + _SLACK_M
