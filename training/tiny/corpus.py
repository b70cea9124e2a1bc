"""What the tiny model's tokenizer is trained on: the words of requests, findings and explanations."""

from collections.abc import Iterator
from itertools import chain, product
from string import Formatter
from typing import get_args

from llm_service.explaining.wording.joints import AND, BECAUSE, SO
from llm_service.explaining.wording.phrasebook import PHRASEBOOK
from llm_service.explaining.wording.slots import Synonym, Words
from llm_service.prompt import SYSTEM_TEXT
from llm_service.verifier.mention import AgentMotion
from training.data.explanations.instructions import texts_of_requests
from waymend.vocabulary import COMMANDS, OBJECT_CLASSES

_PLACES = ("ahead", "behind", "ahead and 1 m to the left", "ahead and 2.5 metres to the right", "to the left")
_QUESTION = (
    "\nCommand: {command}\nSpeed 5.2 m/s, acceleration -0.1, yaw rate 0.02\nProposal: 2.5,0.0 -5.1,0.2 7.7,-0.4"
    "\nAnswer: 2.5,0.0 5.1,-0.2\nInstruction: keep the lane, please."
)
"""As `llm_service.prompt` lays a question out."""
_CHECKS = (
    "none",
    "collision: touches moving car 3.5 m ahead after 1.0 s",
    "drivable_area: 0.62 m outside after 1.5 s",
    "speed: 26.10 m/s after 2.75 s, limit 25.00 m/s; yaw_rate: 1.02 rad/s after 1.25 s",
    "longitudinal_acceleration: -5.20 m/s^2 after 0.50 s; lateral_acceleration: 5.20 m/s^2",
    "jerk: 9.10 m/s^3 after 1.00 s; curvature: 0.31 1/m after 0.50 s",
)
_FINDINGS = (
    "\nChange: 3.1 m shorter, 0.4 m left; end speed 7.2 m/s (26 km/h) to 5.1 m/s (18 km/h)"
    "\nAvoided: {checks}\nRemaining: {checks}\nReason:"
)
"""As `llm_service.correction.findings` puts them."""


def driving_texts() -> Iterator[str]:
    """Every wording of the phrasebook with its gaps empty, what fills them, and what stands before it in a prompt."""
    of_each_style = (templates for phrasing in PHRASEBOOK.values() for templates in phrasing.templates.values())
    for template in chain.from_iterable(of_each_style):
        literals = [literal for literal, _, _, _ in Formatter().parse(template.text)]
        words = [word for slot in template.slots.values() for word in _words(slot)]
        yield from chain.from_iterable(map(_both_cases, (*literals, *words)))
    nouns = [name.replace("_", " ") for name in OBJECT_CLASSES]
    for motion, noun, place in product(get_args(AgentMotion), nouns, _PLACES):
        yield f" the {motion} {noun} 3.5 m {place}."
    yield from chain.from_iterable(joints for by_style in (SO, BECAUSE, AND) for joints in by_style.values())
    yield from (SYSTEM_TEXT, *texts_of_requests())
    yield from (_QUESTION.format(command=command) for command in COMMANDS)
    yield from (_FINDINGS.format(checks=checks) for checks in _CHECKS)


def _words(slot: object) -> tuple[str, ...]:
    if isinstance(slot, Synonym):
        return slot.words
    return tuple(word for words in slot.words.values() for word in words) if isinstance(slot, Words) else ()


def _both_cases(text: str) -> Iterator[str]:
    """Within a sentence and at its beginning."""
    yield from (f" {text.strip()}", text.strip().capitalize())
