"""Coroutines run beside the program that waits for them."""

import asyncio
import threading

import pytest

from training.serving.event_loop_thread import EventLoopThread


def test_results_and_errors_come_back():
    async def thread_name():
        return threading.current_thread().name

    async def failing():
        raise KeyError("why")

    with EventLoopThread() as loop:
        assert loop.run(thread_name()) == "event-loop"
        with pytest.raises(KeyError, match="why"):
            loop.run(failing())


def test_a_generator_is_closed_where_its_reader_leaves():
    closed = threading.Event()

    async def counting():
        try:
            for number in range(100):
                await asyncio.sleep(0)
                yield number
        finally:
            closed.set()

    with EventLoopThread() as loop:
        assert list(zip(range(3), loop.iterate(counting()), strict=False)) == [(0, 0), (1, 1), (2, 2)]
        reader = loop.iterate(counting())
        next(reader)
        closed.clear()
        reader.close()
        assert closed.is_set()
        assert len(list(loop.iterate(counting()))) == 100
