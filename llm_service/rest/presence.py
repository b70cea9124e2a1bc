"""A client that goes away ends the work that was done for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

from llm_service.rest.problems import CLIENT_CLOSED_REQUEST, Problem

T = TypeVar("T")


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Runs `work` and cancels it if the client disconnects; the request's body must have been read.

    Raises:
        Problem: The client went away (nobody will read it; it ends up in the metrics).
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Problem(CLIENT_CLOSED_REQUEST, "client-gone", "the client went away")
    finally:
        task.cancel()
        gone.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
