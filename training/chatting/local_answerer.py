"""Answers from both halves of a bundle in this process."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llm_service.correction.corrector import Correction, CorrectionTask
from llm_service.correction.received_scene import ReceivedScene
from llm_service.engine import GREEDY, EngineUnavailable, ExplanationPiece, Sampling
from llm_service.prompt import CorrectionPrompt
from training.chatting.answerer import Answer, AnswerFailed, CheckOutcome
from training.chatting.chat_scene import ChatScene
from training.chatting.follow_up import FollowUpPrompts
from training.serving.local_service import LocalService, local_service
from waymend.errors import InvalidField
from waymend.trajectory import Horizon


class LocalAnswerer:
    """Answers from an engine; `local_answerer` makes one.

    Args:
        service: Both halves of the bundle.
        max_new_tokens: Longest explanation or answer.
        sampling: How its words are chosen.
    """

    takes_questions = True

    def __init__(self, service: LocalService, max_new_tokens: int, sampling: Sampling = GREEDY) -> None:
        self._service = service
        self._max_new_tokens = max_new_tokens
        self._sampling = sampling
        self._follow_ups = FollowUpPrompts(service.tokenizer)
        self._received: tuple[ChatScene, ReceivedScene] | None = None
        self._correction: Correction | None = None
        self._prompt: CorrectionPrompt | None = None
        self._said = ""

    @property
    def label(self) -> str:
        """Name and version of the bundle."""
        return f"{self._service.bundle.manifest.name} {self._service.bundle.manifest.version}"

    @property
    def trained(self) -> bool:
        """As the manifest tells it."""
        return self._service.bundle.manifest.trained

    @property
    def horizon(self) -> Horizon:
        """Of the bundle's contract."""
        return self._service.bundle.manifest.contract.trajectory_horizon

    def correct(self, scene: ChatScene, proposal_ego_m: NDArray[np.float64], instruction: str) -> Answer:
        """Corrects; the scene is encoded once for all corrections in it."""
        task = CorrectionTask(proposal_ego_m, scene.ego_state, scene.command, instruction)
        try:
            self._correction = self._service.correct(self._encoded(scene), task)
        except EngineUnavailable as error:
            raise AnswerFailed(str(error)) from error
        self._prompt, self._said = None, ""
        return _answer(self._correction)

    def explain(self) -> Iterator[str]:
        """The explanation; where words are not sampled, the one that the service would give."""
        if self._correction is None:
            raise AnswerFailed("nothing has been corrected yet")
        prompt = self._service.explanation_prompt(self._correction)
        length = self._room(prompt)
        return self._pieces(prompt, self._service.explain(self._correction, length, self._sampling))

    def ask(self, question: str) -> Iterator[str]:
        """The conversation so far, which began with the explanation, goes on."""
        if self._prompt is None or self._correction is None:
            raise AnswerFailed("nothing has been explained yet")
        prompt = self._follow_ups.question(self._prompt, self._said, question)
        length = self._room(prompt)
        return self._pieces(prompt, self._service.write(prompt, self._correction.scene, length, self._sampling))

    def _room(self, prompt: CorrectionPrompt) -> int:
        """How long an answer may be."""
        longest = self._service.longest_context
        room = longest - self._service.length(prompt)
        if room < 1:
            raise InvalidField("question", f"a conversation of less than {longest} tokens", "a longer one")
        return min(self._max_new_tokens, room)

    def _pieces(self, prompt: CorrectionPrompt, written: Iterator[ExplanationPiece]) -> Iterator[str]:
        self._prompt, self._said = prompt, ""
        return self._noted(written)

    def _noted(self, written: Iterator[ExplanationPiece]) -> Iterator[str]:
        try:
            for piece in written:
                self._said += piece.text
                yield piece.text
        except EngineUnavailable as error:
            raise AnswerFailed(str(error)) from error

    def _encoded(self, scene: ChatScene) -> ReceivedScene:
        if self._received is None or self._received[0] is not scene:
            self._received = (scene, self._service.encode(scene.frame))
        return self._received[1]


@contextmanager
def local_answerer(directory: Path, max_new_tokens: int, sampling: Sampling = GREEDY) -> Generator[LocalAnswerer]:
    """Loads a bundle and starts its engine (15 s or more); stops it however the block ends.

    Args:
        directory: Of the bundle.
        max_new_tokens: Longest explanation or answer.
        sampling: How its words are chosen.

    Raises:
        BundleError: It is no good bundle.
    """
    with local_service(directory) as service:
        yield LocalAnswerer(service, max_new_tokens, sampling)


def _answer(correction: Correction) -> Answer:
    decision = correction.decision
    checks = zip(decision.proposal_report.checks, decision.correction_report.checks, strict=True)
    return Answer(
        trajectory_ego_m=decision.trajectory_ego_m,
        scale_m=correction.scale_m,
        status=decision.status,
        reason=decision.reason,
        checks=[CheckOutcome(after.name, before.status, after.status, after.message) for before, after in checks],
    )
