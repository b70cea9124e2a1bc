"""What arrives close together is worked on together, and nothing waits for what will not come."""

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from perception_service.server.batcher import Batcher, BatchLimits

AN_HOUR_S = 3600.0


class Doubler:
    """Doubles numbers, notes its batches, and can be held up."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(items))
        assert self.gate.wait(20)
        return [ValueError(f"{item} is odd") if item % 2 else 2 * item for item in items]


def run(scenario: Callable[[Doubler, Batcher[int, int]], object], limits: BatchLimits, more: bool = False) -> Doubler:
    doubler = Doubler()
    batcher = Batcher(doubler, limits, more_to_come=lambda: more)
    try:
        asyncio.run(scenario(doubler, batcher))  # ty: ignore[invalid-argument-type]
    finally:
        batcher.close()
    return doubler


def test_a_lone_item_does_not_wait_where_nothing_else_is_on_its_way():
    async def scenario(_, batcher):
        assert await batcher.submit(4) == 8

    assert run(scenario, BatchLimits(8, AN_HOUR_S)).batches == [[4]]


def test_items_wait_for_others_that_are_on_their_way_until_the_batch_is_full():
    async def scenario(_, batcher):
        first = asyncio.create_task(batcher.submit(2))
        await asyncio.sleep(0.05)
        assert await batcher.submit(4) == 8
        assert await first == 4

    assert run(scenario, BatchLimits(2, AN_HOUR_S), more=True).batches == [[2, 4]]


def test_a_batch_waits_no_longer_than_its_limit():
    async def scenario(_, batcher):
        assert await batcher.submit(6) == 12

    assert run(scenario, BatchLimits(2, 0.01), more=True).batches == [[6]]


def test_what_arrives_during_the_work_makes_the_next_batches_in_order():
    async def scenario(doubler, batcher):
        doubler.gate.clear()
        first = asyncio.create_task(batcher.submit(0))
        while not doubler.batches:
            await asyncio.sleep(0.01)
        others = [asyncio.create_task(batcher.submit(item)) for item in (2, 4, 6, 8)]
        await asyncio.sleep(0.05)
        doubler.gate.set()
        assert await asyncio.gather(first, *others) == [0, 4, 8, 12, 16]

    assert run(scenario, BatchLimits(3, AN_HOUR_S)).batches == [[0], [2, 4, 6], [8]]


def test_one_item_may_fail_without_its_neighbours():
    async def scenario(_, batcher):
        good, bad = asyncio.create_task(batcher.submit(2)), asyncio.create_task(batcher.submit(3))
        assert await good == 4
        with pytest.raises(ValueError, match="3 is odd"):
            await bad
        assert await batcher.submit(8) == 16

    run(scenario, BatchLimits(2, AN_HOUR_S))


def test_an_error_of_the_work_itself_reaches_every_caller_and_the_batcher_goes_on():
    async def scenario(_, batcher):
        with pytest.raises(TypeError):
            await batcher.submit("x")
        assert await batcher.submit(2) == 4

    run(scenario, BatchLimits(2, AN_HOUR_S))
