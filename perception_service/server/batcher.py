"""Micro-batching: what arrives close together is worked on together."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How many items a batch may hold, and how long its first one may wait for more."""

    size: int
    delay_s: float


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[Item, Result]):
    item: Item
    answer: asyncio.Future[Result]


class Batcher(Generic[Item, Result]):
    """Hands batches, one at a time and in the order of arrival, to a thread of its own.

    Args:
        work: Called in that thread with a batch; returns a result, or an error to raise, for each item.
        limits: Of a batch.
        more_to_come: Whether other items are on their way; a batch waits for nothing else.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result | Exception]],
        limits: BatchLimits,
        more_to_come: Callable[[], bool],
    ) -> None:
        self._work = work
        self._limits = limits
        self._more_to_come = more_to_come
        self._thread = ThreadPoolExecutor(1, "encode")
        self._queue: asyncio.Queue[_Waiting[Item, Result]] = asyncio.Queue()
        self._working: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """The result of `item`; raises the error that `work` gave for it."""
        waiting = _Waiting(item, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(waiting)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work_off())
        return await waiting.answer

    def run_now(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        """Works on a batch in the batcher's thread, before any event loop runs."""
        return self._thread.submit(self._work, items).result()

    def close(self) -> None:
        """Ends the thread; call it when nothing is submitted any more."""
        self._thread.shutdown()

    async def _work_off(self) -> None:
        while not self._queue.empty():
            batch = await self._collected()
            items = [waiting.item for waiting in batch]
            try:
                results = await asyncio.get_running_loop().run_in_executor(self._thread, self._work, items)
            except Exception as error:
                results = [error] * len(batch)
            for waiting, result in zip(batch, results, strict=True):
                if waiting.answer.cancelled():
                    continue
                if isinstance(result, Exception):
                    waiting.answer.set_exception(result)
                else:
                    waiting.answer.set_result(result)

    async def _collected(self) -> list[_Waiting[Item, Result]]:
        batch = [self._queue.get_nowait()]
        try:
            async with asyncio.timeout(self._limits.delay_s):
                while len(batch) < self._limits.size and (self._more_to_come() or not self._queue.empty()):
                    batch.append(await self._queue.get())
        except TimeoutError:
            pass
        return batch
