"""Waiting is bounded, and nothing is encoded that nobody waits for."""

import asyncio
import threading
import time

import pytest

from perception_service.client import AsyncPerceptionClient, DeadlineExceeded, Overloaded, PerceptionClient
from tests.perception_service.serving import StartServer
from tests.perception_service.small_frame import small_frame


def test_a_full_queue_refuses_at_once_and_recovers(start_server: StartServer) -> None:
    with start_server(queue_length=2) as server, PerceptionClient(server.address) as client:
        server.pipeline.gate.clear()
        answers: list[str] = []
        callers = [
            threading.Thread(target=lambda i=i: answers.append(client.encode(small_frame(f"q{i}"), 60).frame_id))
            for i in range(2)
        ]
        for caller in callers:
            caller.start()
        assert server.pipeline.entered.acquire(timeout=20)
        time.sleep(0.3)
        started_s = time.monotonic()
        with pytest.raises(Overloaded, match="wait"):
            client.encode(small_frame("late"), timeout_s=60)
        assert time.monotonic() - started_s < 1.0
        server.pipeline.gate.set()
        for caller in callers:
            caller.join(20)
        assert sorted(answers) == ["q0", "q1"]
        assert client.encode(small_frame("after"), timeout_s=60).frame_id == "after"


def test_a_frame_whose_deadline_passed_is_not_encoded(start_server: StartServer) -> None:
    with start_server() as server, PerceptionClient(server.address) as client:
        server.pipeline.gate.clear()
        first = threading.Thread(target=client.encode, args=(small_frame("first"), 60))
        first.start()
        assert server.pipeline.entered.acquire(timeout=20)
        with pytest.raises(DeadlineExceeded):
            client.encode(small_frame("too-late"), timeout_s=0.3)
        server.pipeline.gate.set()
        first.join(20)
        assert client.encode(small_frame("next"), timeout_s=60).frame_id == "next"
        assert server.pipeline.frame_ids == ["first", "next"]


def test_a_cancelled_call_frees_its_place_and_is_not_encoded(start_server: StartServer) -> None:
    with start_server(queue_length=2) as server:

        async def scenario() -> str:
            async with AsyncPerceptionClient(server.address) as client:
                server.pipeline.gate.clear()
                first = asyncio.create_task(client.encode(small_frame("first"), 60))
                assert await asyncio.to_thread(server.pipeline.entered.acquire, timeout=20)
                gone = asyncio.create_task(client.encode(small_frame("gone"), 60))
                await asyncio.sleep(0.3)
                gone.cancel()
                await asyncio.sleep(0.3)
                server.pipeline.gate.set()
                await first
                return (await client.encode(small_frame("next"), 60)).frame_id

        assert asyncio.run(scenario()) == "next"
        assert server.pipeline.frame_ids == ["first", "next"]
