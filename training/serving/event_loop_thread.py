"""An event loop beside a program that waits for its user."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Coroutine, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

Result = TypeVar("Result")
_END = object()


class EventLoopThread:
    """Runs coroutines in a thread of its own, so that Ctrl-C at a prompt interrupts the prompt."""

    def __init__(self) -> None:
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._until_stopped()), name="event-loop")

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """The coroutine's result; where the wait is interrupted, it is cancelled."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, generator: AsyncGenerator[Result]) -> Iterator[Result]:
        """The generator's items; it is closed however the iteration ends."""
        try:
            while (item := self.run(_next(generator))) is not _END:
                yield item
        finally:
            self.run(_close(generator))

    async def _until_stopped(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._stop.wait()


async def _next(generator: AsyncGenerator[Any]) -> Any:
    return await anext(generator, _END)


async def _close(generator: AsyncGenerator[Any]) -> None:
    await generator.aclose()
