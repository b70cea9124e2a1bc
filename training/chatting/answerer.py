"""Who answers: an engine in this process, or a running service."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.chatting.chat_scene import ChatScene
from waymend.trajectory import Horizon


class AnswerFailed(Exception):
    """There is no answer; the message says why."""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """One of the verifier's checks: `passed`, `failed` or `not_checked`, of the proposal and of the correction."""

    name: str
    proposal: str
    correction: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A judged correction.

    Attributes:
        trajectory_ego_m: float64 [T, 2], metres.
        scale_m: float64 [T], Laplace scale of each waypoint.
        status: `corrected` or `kept_proposal`.
        reason: Why the verifier chose so.
        checks: Its checks.
    """

    trajectory_ego_m: NDArray[np.float64]
    scale_m: NDArray[np.float64]
    status: str
    reason: str
    checks: Sequence[CheckOutcome]


class Answerer(Protocol):
    """Corrects one proposal after another, and talks about the last.

    Attributes:
        label: Name and version of the model.
        trained: False for random weights, whose answers mean nothing.
        horizon: Of its trajectories.
        takes_questions: Whether `ask` works.
    """

    @property
    def label(self) -> str: ...

    @property
    def trained(self) -> bool: ...

    @property
    def horizon(self) -> Horizon: ...

    @property
    def takes_questions(self) -> bool: ...

    def correct(self, scene: ChatScene, proposal_ego_m: NDArray[np.float64], instruction: str) -> Answer:
        """Raises InvalidField where the instruction is too long, and AnswerFailed."""
        ...

    def explain(self) -> Iterator[str]:
        """Why the last correction is as it is, piece by piece; raises AnswerFailed."""
        ...

    def ask(self, question: str) -> Iterator[str]:
        """The answer to a question about the last correction; raises InvalidField and AnswerFailed."""
        ...
