"""Explanations that respect a deadline."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from llm_service.correction.corrector import Correction, Corrector
from llm_service.deadline import Deadline
from llm_service.engine import ExplanationPiece


async def explain_until(
    corrector: Corrector, correction: Correction, max_tokens: int, deadline: Deadline
) -> AsyncGenerator[ExplanationPiece]:
    """Pieces of the explanation; where the deadline cuts it off, the last piece is empty with finish `deadline`."""
    async with aclosing(corrector.explain(correction, max_tokens)) as pieces:
        try:
            while True:
                yield await asyncio.wait_for(anext(pieces), deadline.remaining_s)
        except StopAsyncIteration:
            return
        except TimeoutError:
            yield ExplanationPiece("", "deadline")
