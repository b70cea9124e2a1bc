"""Sessions expire, and embeddings of another contract are refused."""

import asyncio
import socket

import numpy as np
import pytest

from llm_service.correction.received_scene import ForeignContract, receive_scene
from llm_service.rest.problems import problem_from
from llm_service.sessions import SessionRegistry, TooManySessions, UnknownSession
from perception_service.client import AsyncPerceptionClient, Embedding, StageTimings
from waymend.bundle import Contract, ModalityContract
from waymend.perception.v1 import embedding_pb2

CONTRACT = Contract(
    modalities={name: ModalityContract(tokens=2, width=4) for name in ("image", "bev", "vector")},
    encoder_revision="0" * 64,
)


def embedding(contract_id: str, timestamp_us: int = 1, age_ms: float = 0.0) -> Embedding:
    tokens = np.zeros((2, 4), np.float16)
    return Embedding(
        frame_id=f"frame-{timestamp_us}",
        timestamp_us=timestamp_us,
        contract_id=contract_id,
        image_tokens=tokens,
        bev_tokens=tokens,
        vector_tokens=tokens,
        detections=(),
        agents=(),
        agents_given=True,
        drivable_areas=(),
        ego_state=None,
        timings=StageTimings(0, 0, 0, 0, 0, None),
        age_ms=age_ms,
        message=embedding_pb2.SceneEmbedding(),
    )


@pytest.fixture
async def perception():
    """A client of a port where nobody answers."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        async with AsyncPerceptionClient(f"127.0.0.1:{nobody.getsockname()[1]}") as client:
            yield client


async def test_an_unused_session_expires_and_a_used_one_stays(perception):
    sessions = SessionRegistry(perception, CONTRACT, max_sessions=2, idle_s=0.5)
    sessions.open("unused")
    sessions.open("used")
    for _ in range(20):
        sessions.get("used")
        await asyncio.sleep(0.1)
    assert len(sessions) == 1
    with pytest.raises(UnknownSession):
        sessions.get("unused")
    await sessions.close_all()
    assert len(sessions) == 0


async def test_the_number_of_sessions_has_a_limit(perception):
    sessions = SessionRegistry(perception, CONTRACT, max_sessions=1, idle_s=60.0)
    sessions.open()
    with pytest.raises(TooManySessions):
        sessions.open()
    await sessions.close_all()


async def test_a_session_keeps_the_newest_embedding_whatever_the_order_of_arrival(perception):
    sessions = SessionRegistry(perception, CONTRACT, max_sessions=1, idle_s=60.0)
    session = sessions.open()
    for timestamp_us in (2, 3, 1):
        session.offer(embedding(CONTRACT.contract_id, timestamp_us))
    assert session.newest is not None
    assert session.newest.embedding.timestamp_us == 3
    assert session.frames == 2
    await sessions.close_all()


def test_what_perception_had_kept_is_as_old_as_it_says():
    scene = receive_scene(embedding(CONTRACT.contract_id, age_ms=90_000.0), CONTRACT)
    assert 90_000 <= scene.age_ms < 95_000


def test_a_foreign_contract_is_refused_by_name():
    with pytest.raises(ForeignContract) as caught:
        receive_scene(embedding("f" * 32), CONTRACT)
    problem = problem_from(caught.value)
    assert (problem.status, problem.kind) == (409, "foreign-contract")
    assert problem.errors[0].expected == CONTRACT.contract_id
    assert problem.errors[0].given == "f" * 32
