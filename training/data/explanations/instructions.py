"""How a correction is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from llm_service.explaining.wording.voice import Style
from llm_service.prompt import SYSTEM_TEXT

_NEUTRAL = (
    "Correct this plan.",
    "Correct this plan and say why.",
    "Is this safe? If not, fix it and say why.",
    "Check the proposed trajectory and improve it where needed.",
    "Would you drive like this? Show me how you would, and why.",
    "Please review the next three seconds of this plan.",
    "What should change about this trajectory?",
    "Fix the plan if there is anything wrong with it, otherwise leave it alone.",
    "Look at the scene and correct the waypoints.",
    "Give me a better trajectory and the reason for it.",
)

_STYLED = {
    Style.TERSE: (
        "Correct the plan. Report in catchwords.",
        "Fix it and give me the short version.",
        "Correction and reason, as a brief log line.",
    ),
    Style.PLAIN: (
        "Correct the plan and explain it in plain words.",
        "Fix this and tell me why in simple sentences.",
        "Improve the plan; explain it so that anyone understands.",
    ),
    Style.INSTRUCTOR: (
        "You are my driving instructor: what do I do better?",
        "Coach me through the correction of this plan.",
        "Correct me like a driving instructor would.",
    ),
    Style.ENGINEER: (
        "Correct the trajectory and give a technical reason.",
        "Evaluate the plan like an engineer and correct it.",
        "Provide the correction with a precise technical justification.",
    ),
}

_SYSTEM = {
    Style.TERSE: (f"{SYSTEM_TEXT} Reports are brief.", f"{SYSTEM_TEXT} Answer in catchwords."),
    Style.PLAIN: (f"{SYSTEM_TEXT} Explain yourself in plain sentences.", f"{SYSTEM_TEXT} Use simple words."),
    Style.INSTRUCTOR: (f"{SYSTEM_TEXT} Speak like a driving instructor.", f"{SYSTEM_TEXT} Talk to the driver."),
    Style.ENGINEER: (f"{SYSTEM_TEXT} Explain like an engineer.", f"{SYSTEM_TEXT} Be technical and precise."),
}

_SHARE_WITHOUT = 0.2
_SHARE_NEUTRAL = 0.5
_SHARE_BY_SYSTEM = 0.2


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: a system text, an instruction (may be empty), and the style in which the answer speaks."""

    system: str
    instruction: str
    style: Style


def draw_request(random: np.random.Generator) -> Request:
    """A fifth asks for a style in the system text, others in the instruction, or for none: then any will do."""
    styles = list(Style)
    style = styles[int(random.integers(len(styles)))]
    by_system, kind = random.random(2)
    system = _one_of(_SYSTEM[style], random) if by_system < _SHARE_BY_SYSTEM else SYSTEM_TEXT
    if kind < _SHARE_WITHOUT:
        return Request(system, "", style)
    neutral = kind < _SHARE_WITHOUT + _SHARE_NEUTRAL
    return Request(system, _one_of(_NEUTRAL if neutral else _STYLED[style], random), style)


def texts_of_requests() -> Iterator[str]:
    """Every system text and instruction that may be drawn."""
    for texts in (*_SYSTEM.values(), *_STYLED.values(), _NEUTRAL):
        yield from texts


def _one_of(choices: tuple[str, ...], random: np.random.Generator) -> str:
    return choices[int(random.integers(len(choices)))]
