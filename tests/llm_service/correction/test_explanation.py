"""What is sent of an explanation: at its end, its length limit, the deadline, and when nobody listens any more."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import numpy as np
import pytest

from llm_service.correction.corrector import Correction, CorrectionTask, Corrector
from llm_service.correction.explanation import explain_until
from llm_service.correction.received_scene import ReceivedScene
from llm_service.deadline import Deadline
from llm_service.engine import ExplanationPiece
from llm_service.verifier import EgoDimensions, PreparedScene, Verifier, VerifierLimits
from waymend.trajectory import EgoState, Horizon

PROPOSAL_M = np.stack([4.0 * np.arange(1, 7), np.zeros(6)], axis=1)
SAID = "The correction is 1.2 m short of the planned position at 3 s. The route leads to the left."
TRUE = "The correction is 1.2 m short of the planned position at 3 s. The route goes straight ahead."


@dataclass
class Writer:
    """An engine that writes a text letter by letter, then waits or ends."""

    text: str
    finish: str | None = "stop"
    closed: bool = False

    async def explain(self, prompt, scene_uuid, max_tokens, sampling) -> AsyncGenerator[ExplanationPiece]:
        try:
            for letter in self.text:
                yield ExplanationPiece(letter)
            if self.finish is None:
                await asyncio.sleep(60.0)
            yield ExplanationPiece("", self.finish)
        finally:
            self.closed = True


class Prompts:
    def explanation(self, prompt, **_):
        return prompt


@dataclass(frozen=True)
class Seen:
    agents: tuple = ()
    drivable_areas: tuple = ()


@pytest.fixture
def corrected():
    """A correction that ends 1.2 m short of its proposal, with a corrector whose engine is a `Writer`."""

    def make(writer: Writer) -> tuple[Corrector, Correction]:
        verifier, scene, state = Verifier(VerifierLimits(), EgoDimensions()), PreparedScene.of((), None), EgoState(8.0)
        corrector = Corrector(writer, Prompts(), verifier, Horizon())
        correction_m = PROPOSAL_M - np.stack([np.linspace(0.2, 1.2, 6), np.zeros(6)], axis=1)
        report = verifier.judge(PROPOSAL_M, 0.5, state, scene)
        decision = verifier.choose(PROPOSAL_M, report, correction_m, 0.5, state, scene)
        received = ReceivedScene(Seen(), {}, scene, "scene", time.monotonic())
        task = CorrectionTask(PROPOSAL_M, state, "straight")
        courses = (verifier.course(waypoints_m, 0.5, state) for waypoints_m in (PROPOSAL_M, decision.trajectory_ego_m))
        return corrector, Correction(task, decision, *courses, "", np.ones(6), None, received, {})

    return make


async def explained(corrector, correction, seconds=60.0) -> list[ExplanationPiece]:
    return [piece async for piece in explain_until(corrector, correction, 128, Deadline.after_ms(seconds * 1e3))]


def text_of(pieces) -> str:
    return "".join(piece.text for piece in pieces)


@pytest.mark.parametrize("finish", ["stop", "length"])
async def test_a_whole_text_is_held_and_its_draft_kept(corrected, finish):
    pieces = await explained(*corrected(Writer(SAID, finish)))
    assert text_of(pieces) == TRUE
    assert "".join(piece.draft for piece in pieces) == SAID
    assert pieces[-1].finish == finish


async def test_a_clause_that_is_cut_off_is_left_out(corrected):
    pieces = await explained(*corrected(Writer(SAID[:-9], "length")))
    assert text_of(pieces) == TRUE.partition(" The route")[0]


@pytest.mark.parametrize(("written", "sent"), [(SAID[:80], TRUE.partition(" The route")[0]), (SAID[:10], None)])
async def test_at_the_deadline_there_is_a_true_text_all_the_same(corrected, written, sent):
    writer = Writer(written, None)
    pieces = await explained(*corrected(writer), seconds=0.5)
    assert pieces[-1].finish == "deadline"
    assert text_of(pieces) == sent or (sent is None and "1.2 m" in text_of(pieces))
    assert writer.closed


async def test_a_listener_that_leaves_ends_the_writing(corrected):
    writer = Writer(SAID, None)
    pieces = explain_until(*corrected(writer), 128, Deadline.after_ms(60_000))
    async for piece in pieces:
        if piece.text:
            break
    await pieces.aclose()
    assert writer.closed
