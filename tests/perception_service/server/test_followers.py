"""The one-slot queue of a follower, and sessions under a clock of the test's own."""

import asyncio

import pytest

from perception_service.server.errors import NotServing, SessionClosed
from perception_service.server.sessions import Sessions
from waymend.perception.v1 import embedding_pb2


def embedding(timestamp_us: int) -> embedding_pb2.SceneEmbedding:
    return embedding_pb2.SceneEmbedding(timestamp_us=timestamp_us)


def test_a_slow_follower_skips_to_the_newest() -> None:
    async def scenario() -> list[int]:
        sessions = Sessions(max_sessions=1, idle_s=60)
        session = sessions.open("drive")
        followed = sessions.follow(session)
        sessions.publish(session, embedding(1))
        seen = [(await anext(followed)).embedding.timestamp_us]
        for timestamp_us in (2, 3, 4):
            sessions.publish(session, embedding(timestamp_us))
        seen.append((await anext(followed)).embedding.timestamp_us)
        return seen

    assert asyncio.run(scenario()) == [1, 4]


def test_a_late_follower_learns_how_old_the_newest_is() -> None:
    async def scenario() -> float:
        now_s = 1.0
        sessions = Sessions(max_sessions=1, idle_s=60, clock_s=lambda: now_s)
        session = sessions.open("drive")
        sessions.publish(session, embedding(1))
        now_s = 31.0
        return (await anext(sessions.follow(session))).age_ms

    assert asyncio.run(scenario()) == 30_000.0


def test_an_older_embedding_that_finishes_late_is_not_published() -> None:
    sessions = Sessions(max_sessions=1, idle_s=60)
    session = sessions.open("drive")
    for timestamp_us in (5, 3, 5):
        sessions.publish(session, embedding(timestamp_us))
    assert session.newest_timestamp_us == 5


def test_sessions_expire_by_the_clock_and_free_their_place() -> None:
    now_s = 0.0
    sessions = Sessions(max_sessions=1, idle_s=10, clock_s=lambda: now_s)
    first = sessions.open("first")
    now_s = 9.0
    sessions.publish(first, embedding(1))
    now_s = 18.0
    assert sessions.open("first") is first
    now_s = 28.5
    assert sessions.open("second") is not first
    assert len(sessions) == 1


@pytest.mark.parametrize("stopping", [False, True])
def test_followers_learn_why_their_session_ended(stopping: bool) -> None:
    async def scenario() -> None:
        now_s = 0.0
        sessions = Sessions(max_sessions=1, idle_s=10, clock_s=lambda: now_s)
        followed = sessions.follow(sessions.open("drive"))
        waiting = asyncio.ensure_future(anext(followed))
        await asyncio.sleep(0)
        now_s = 11.0
        sessions.close_all() if stopping else sessions.close_idle()
        await waiting

    with pytest.raises(NotServing if stopping else SessionClosed):
        asyncio.run(scenario())
