"""Explanations that respect a deadline and say what is so."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from llm_service.correction.corrector import Correction, Corrector
from llm_service.deadline import Deadline
from llm_service.engine import ExplanationPiece
from llm_service.explaining.claims import Claim
from llm_service.explaining.facts.all_facts import true_claims
from llm_service.explaining.held import HeldText
from llm_service.explaining.situation import Situation
from waymend.agents import AgentBox, VectorMap
from waymend.trajectory import EgoState


def explain_until(
    corrector: Corrector, correction: Correction, max_tokens: int, deadline: Deadline
) -> AsyncGenerator[ExplanationPiece]:
    """Pieces of the explanation; where the deadline cuts it off, the last piece has finish `deadline`."""
    return held(_until(corrector.write(correction, max_tokens), deadline), corrector, correction)


async def held(
    written: AsyncGenerator[ExplanationPiece], corrector: Corrector, correction: Correction
) -> AsyncGenerator[ExplanationPiece]:
    """What the model writes, held to what is true of the correction as `HeldText` does it; the last piece has a finish.

    Of lanes nothing is known here, since an embedding holds no lines of the map: nothing is said of them.
    """
    facts = asyncio.create_task(asyncio.to_thread(_facts, corrector, correction))
    holder: HeldText | None = None
    try:
        async with aclosing(written) as pieces:
            async for piece in pieces:
                if holder is None:
                    holder = HeldText(await facts)
                text = holder.add(piece.text) + (holder.end() if piece.finish else "")
                yield ExplanationPiece(text, piece.finish, piece.text)
    finally:
        facts.cancel()


async def _until(written: AsyncGenerator[ExplanationPiece], deadline: Deadline) -> AsyncGenerator[ExplanationPiece]:
    async with aclosing(written) as pieces:
        try:
            while True:
                yield await asyncio.wait_for(anext(pieces), deadline.remaining_s)
        except StopAsyncIteration:
            return
        except TimeoutError:
            yield ExplanationPiece("", "deadline")


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    """What the service knows of a moment; drivable areas are in the prepared scene."""

    agents: tuple[AgentBox, ...]
    ego_state: EgoState
    command: str
    road_map: VectorMap | None = None


def _facts(corrector: Corrector, correction: Correction) -> tuple[Claim, ...]:
    task, scene = correction.task, correction.scene
    moment = _Moment(scene.embedding.agents, task.ego_state, task.command)
    return true_claims(Situation(moment, scene.prepared, correction.proposal, correction.answer, corrector.limits))
