"""The course of a chat: choose a proposal, see its correction, ask about it, choose another."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from training.chatting.answerer import Answerer, AnswerFailed
from training.chatting.chat_scene import ChatScene
from training.chatting.report import (
    answer_view,
    printable,
    proposal_list,
    scene_facts,
    scene_view,
    verdict,
    waypoint_table,
)
from training.chatting.terminal import Terminal
from waymend.errors import InvalidField
from waymend.trajectory import Horizon, checked_trajectory

END_WORDS = ("q", "quit", "exit")
_UNTRAINED_NOTE = "The model is untrained: its weights are random, and what it says means nothing."
_NO_QUESTIONS_NOTE = "A running service takes no questions after its explanation; a bundle in process does."


def converse(scene: ChatScene, answerer: Answerer, terminal: Terminal) -> None:
    """Talks until the user ends it or the input does.

    Args:
        scene: What it is about.
        answerer: Who answers.
        terminal: Where.
    """
    console = terminal.console
    console.rule(Text(printable(answerer.label)))
    if not answerer.trained:
        console.print(_UNTRAINED_NOTE, style="yellow")
    console.print(scene_facts(scene))
    console.print(scene_view(scene))
    while (proposal_ego_m := _ask_proposal(scene, answerer.horizon, terminal)) is not None:
        if _correct(scene, answerer, terminal, proposal_ego_m):
            _ask_questions(answerer, terminal)


def read_proposal(text: str, scene: ChatScene, horizon: Horizon) -> NDArray[np.float64]:
    """The proposal that a line names: its number, its name, or waypoints `x,y x,y ...` in metres.

    Raises:
        InvalidField: None of these.
    """
    names = list(scene.proposals)
    if text in scene.proposals:
        return checked_trajectory(scene.proposals[text], horizon, "proposal")
    if text.isdecimal() and 1 <= int(text) <= len(names):
        return checked_trajectory(scene.proposals[names[int(text) - 1]], horizon, "proposal")
    try:
        waypoints = [[float(number) for number in pair.split(",")] for pair in text.split()]
    except ValueError:
        waypoints = []
    if not waypoints or any(len(pair) != 2 for pair in waypoints):
        expected = f"1 to {len(names)}, a name, or {horizon.waypoints} waypoints `x,y x,y ...`"
        raise InvalidField("proposal", expected, text)
    return checked_trajectory(waypoints, horizon, "proposal")


def _ask_proposal(scene: ChatScene, horizon: Horizon, terminal: Terminal) -> NDArray[np.float64] | None:
    """None where the user ends the chat."""
    terminal.console.print(proposal_list(scene))
    while True:
        text = terminal.ask("proposal (number, name, `x,y x,y ...`, or q)")
        if text is None or text in END_WORDS:
            return None
        try:
            return read_proposal(text, scene, horizon)
        except InvalidField as error:
            _complain(terminal, error)


def _correct(scene: ChatScene, answerer: Answerer, terminal: Terminal, proposal_ego_m: NDArray[np.float64]) -> bool:
    """Whether there was an answer."""
    instruction = terminal.ask("instruction (or nothing)") or ""
    try:
        answer = answerer.correct(scene, proposal_ego_m, instruction)
    except (InvalidField, AnswerFailed) as error:
        _complain(terminal, error)
        return False
    console = terminal.console
    console.print(answer_view(scene, proposal_ego_m, answer))
    console.print(waypoint_table(scene, proposal_ego_m, answer, answerer.horizon))
    console.print(verdict(answer))
    return _say(terminal, answerer.explain)


def _ask_questions(answerer: Answerer, terminal: Terminal) -> None:
    if not answerer.takes_questions:
        terminal.console.print(_NO_QUESTIONS_NOTE, style="dim")
        return
    while question := terminal.ask("question (or nothing)"):
        _say(terminal, lambda asked=question: answerer.ask(asked))


def _say(terminal: Terminal, begin: Callable[[], Iterator[str]]) -> bool:
    """Prints words as they come; whether they came to an end without an error."""
    try:
        for piece in begin():
            terminal.console.print(Text(printable(piece)), end="", soft_wrap=True)
    except (InvalidField, AnswerFailed) as error:
        _complain(terminal, error)
        return False
    terminal.console.print()
    return True


def _complain(terminal: Terminal, error: Exception) -> None:
    terminal.console.print(Text(printable(str(error)), "red"))
