"""The same work on many things, in processes."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from rich.progress import track

Item = TypeVar("Item")
Result = TypeVar("Result")


def each_in_processes(
    work: Callable[[Item], Result], items: Sequence[Item], workers: int, description: str
) -> Iterator[Result]:
    """Results in the order of the items, with a progress bar; one worker works in this process.

    At most two items per worker are under way, so that results do not pile up.
    """
    if workers == 1:
        yield from track(map(work, items), description, total=len(items))
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # for the workers: contended threads are slower than one
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from track(_windowed(pool, work, items, 2 * workers), description, total=len(items))


def _windowed(
    pool: ProcessPoolExecutor, work: Callable[[Item], Result], items: Sequence[Item], window: int
) -> Iterator[Result]:
    under_way: list[Future[Result]] = []
    for item in items:
        under_way.append(pool.submit(work, item))
        if len(under_way) >= window:
            yield under_way.pop(0).result()
    for future in under_way:
        yield future.result()
