"""An agent in a text: how it moves, what it is, where it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from llm_service.explaining.wording.slots import NUMBER, Said, unit_pattern, with_unit
from llm_service.explaining.wording.voice import Voice
from llm_service.verifier.mention import (
    BESIDE_WITHIN_M,
    CROSSING,
    NEVER_MOVE,
    AgentMention,
    AgentMotion,
    mention_in_words,
    said_step_m,
)
from waymend.vocabulary import OBJECT_CLASSES

_NOUNS = {name: name.replace("_", " ") for name in OBJECT_CLASSES}
_BEFORE_NOUN = tuple(motion for motion in get_args(AgentMotion) if motion not in CROSSING)
_SLACK_M = 0.1


@dataclass(frozen=True, slots=True)
class AgentSlot:
    """The field `agent`, as `mention_in_words` puts it."""

    def write(self, values: Mapping[str, Any], voice: Voice) -> str:
        return mention_in_words(values["agent"], lambda number: with_unit(number, "m", voice))

    def pattern(self, name: str) -> str:
        metres = unit_pattern("m")
        ahead = rf"(?P<{name}_ahead>{NUMBER}) {metres} (?P<{name}_way>ahead|behind)"
        side = rf"(?P<{name}_aside>{NUMBER}) {metres} to the (?P<{name}_side>left|right)"
        noun, never_move = "|".join(_NOUNS.values()), "|".join(_NOUNS[key] for key in NEVER_MOVE)
        who = (
            rf"(?:(?P<{name}_motion>{'|'.join(_BEFORE_NOUN)}) (?P<{name}_noun>{noun})"
            rf"|(?P<{name}_crosser>{noun}) (?P<{name}_crossing>{'|'.join(CROSSING)})|(?P<{name}_still>{never_move}))"
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
            "agent.ahead_m": _tolerance_m(ahead_m) if found["ahead"] else BESIDE_WITHIN_M,
            "agent.left_m": _tolerance_m(left_m) if left_m else 0.0,
        }
        return Said({"agent": agent}, tolerances)


def _tolerance_m(said_m: float) -> float:
    """A distance just below 10 m is rounded to 10 m by half metres; the wider step is allowed there."""
    return said_step_m(said_m) / 2 + _SLACK_M
