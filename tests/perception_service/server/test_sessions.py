"""Sessions, streams and followers over a real channel."""

import queue
import threading
import time
from collections.abc import Iterator

import pytest

from perception_service.client import (
    Embedding,
    FrameOutcome,
    Overloaded,
    PerceptionClient,
    UnknownSession,
)
from tests.perception_service.serving import RunningServer, StartServer
from tests.perception_service.small_frame import TIMESTAMP_US, small_frame
from waymend.errors import InvalidField
from waymend.perception.v1 import frame_pb2

Frame = frame_pb2.SensorFrame


def drive(count: int) -> list[Frame]:
    return [small_frame(f"f{i}", TIMESTAMP_US + i * 500_000) for i in range(count)]


class Feed:
    """A stream that a test sends frames into one by one."""

    def __init__(self, client: PerceptionClient, session_id: str) -> None:
        self._frames: queue.Queue[Frame | None] = queue.Queue()
        self._outcomes = client.stream_encode(session_id, self._drawn(), timeout_s=60)

    def send(self, *frames: Frame) -> None:
        for frame in frames:
            self._frames.put(frame)

    def end(self) -> None:
        self._frames.put(None)

    def outcomes(self) -> list[FrameOutcome]:
        return list(self._outcomes)

    def next(self) -> FrameOutcome:
        return next(self._outcomes)

    def start(self) -> None:
        """Begins to read, so that frames flow."""
        self.read: list[FrameOutcome] = []
        self.reader = threading.Thread(target=lambda: self.read.extend(self._outcomes))
        self.reader.start()

    def _drawn(self) -> Iterator[Frame]:
        while (frame := self._frames.get()) is not None:
            yield frame


def follow(client: PerceptionClient, session_id: str, count: int) -> tuple[threading.Thread, list[Embedding]]:
    seen: list[Embedding] = []

    def read() -> None:
        for embedding in client.subscribe(session_id, timeout_s=60):
            seen.append(embedding)
            if len(seen) == count:
                return

    thread = threading.Thread(target=read)
    thread.start()
    return thread, seen


def wait_until(condition: object, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_frames_sent_one_by_one_are_all_encoded_in_order(client: PerceptionClient) -> None:
    feed = Feed(client, "one-by-one")
    for frame in drive(3):
        feed.send(frame)
        outcome = feed.next()
        assert outcome.embedding is not None
        assert outcome.embedding.frame_id == frame.frame_id
    feed.end()
    assert feed.outcomes() == []


def test_the_newest_frame_wins_and_overtaken_ones_are_reported(start_server: StartServer) -> None:
    with start_server() as server, PerceptionClient(server.address) as client:
        server.pipeline.gate.clear()
        feed = Feed(client, "newest-wins")
        frames = drive(4)
        feed.start()
        feed.send(frames[0])
        assert server.pipeline.entered.acquire(timeout=20)
        feed.send(*frames[1:])
        wait_until(lambda: len(feed.read) == 2)
        server.pipeline.gate.set()
        feed.end()
        feed.reader.join(20)

    outcomes = {outcome.frame_id: outcome for outcome in feed.read}
    assert [outcomes["f1"].overtaken_by, outcomes["f2"].overtaken_by] == ["f2", "f3"]
    assert outcomes["f0"].embedding is not None
    assert outcomes["f3"].embedding is not None
    assert server.pipeline.frame_ids == ["f0", "f3"]


def test_a_refused_frame_does_not_end_the_stream(client: PerceptionClient) -> None:
    feed = Feed(client, "refused-frame")
    good, bad, also_good = drive(3)
    del bad.cameras[0]
    rejected = []
    for frame in (good, bad, also_good):
        feed.send(frame)
        rejected.append(feed.next().rejected)
    feed.end()
    assert [error and error.field for error in rejected] == [None, "frame.cameras", None]


def test_timestamps_must_rise_within_a_session(client: PerceptionClient) -> None:
    first, second = drive(2)
    feed = Feed(client, "rising")
    feed.send(second)
    assert feed.next().embedding is not None
    for late in (second, first):
        feed.send(late)
        rejected = feed.next().rejected
        assert rejected is not None
        assert rejected.field == "frame.timestamp_us"
    feed.end()
    with pytest.raises(InvalidField, match=r"frame\.timestamp_us"):
        client.encode(first, timeout_s=60, session_id="rising")


@pytest.mark.parametrize("session_id", ["", "with space", "a" * 65, "../etc", "ü"])
def test_a_malformed_session_id_is_refused(client: PerceptionClient, session_id: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        next(client.subscribe(session_id, timeout_s=20))
    assert refusal.value.field == "session_id"
    feed = Feed(client, session_id)
    feed.send(small_frame())
    with pytest.raises(InvalidField, match="session_id"):
        feed.next()
    feed.end()


def test_a_follower_gets_the_newest_at_once_then_each_later_one(client: PerceptionClient) -> None:
    first, second = drive(2)
    client.encode(first, timeout_s=60, session_id="followed")
    reader, seen = follow(client, "followed", 2)
    wait_until(lambda: len(seen) == 1)
    client.encode(second, timeout_s=60, session_id="followed")
    reader.join(20)
    assert [embedding.frame_id for embedding in seen] == ["f0", "f1"]


def test_a_session_may_be_followed_before_its_first_frame(client: PerceptionClient) -> None:
    reader, seen = follow(client, "early-follower", 1)
    time.sleep(0.2)
    feed = Feed(client, "early-follower")
    feed.send(small_frame())
    assert feed.next().embedding is not None
    feed.end()
    reader.join(20)
    assert [embedding.frame_id for embedding in seen] == ["frame-0"]


def test_sessions_do_not_see_each_other(client: PerceptionClient) -> None:
    client.encode(small_frame("mine"), timeout_s=60, session_id="mine")
    client.encode(small_frame("other"), timeout_s=60, session_id="other")
    newest = client.subscribe("mine", timeout_s=20)
    assert next(newest).frame_id == "mine"
    newest.close()


def test_the_number_of_sessions_is_limited(start_server: StartServer) -> None:
    with start_server(max_sessions=2) as server, PerceptionClient(server.address) as client:
        for name in ("a", "b", "a"):
            frame = small_frame(timestamp_us=TIMESTAMP_US + time.monotonic_ns() // 1000)
            client.encode(frame, timeout_s=60, session_id=name)
        with pytest.raises(Overloaded, match="sessions"):
            client.encode(small_frame(), timeout_s=60, session_id="c")
        assert client.encode(small_frame(), timeout_s=60).frame_id == "frame-0"


def test_an_idle_session_expires_and_its_followers_are_told(start_server: StartServer) -> None:
    with start_server(session_idle_s=0.8, max_sessions=1) as server, PerceptionClient(server.address) as client:
        client.encode(small_frame(), timeout_s=60, session_id="old")
        embeddings = client.subscribe("old", timeout_s=20)
        assert next(embeddings).frame_id == "frame-0"
        with pytest.raises(UnknownSession, match="old"):
            next(embeddings)
        assert client.encode(small_frame(), timeout_s=60, session_id="new").frame_id == "frame-0"


def test_an_open_stream_keeps_its_session(start_server: StartServer) -> None:
    with start_server(session_idle_s=0.2) as server, PerceptionClient(server.address) as client:
        feed = Feed(client, "patient")
        first, second = drive(2)
        feed.send(first)
        assert feed.next().embedding is not None
        time.sleep(0.6)
        embeddings = client.subscribe("patient", timeout_s=20)
        assert next(embeddings).frame_id == "f0"
        embeddings.close()
        feed.send(second)
        assert feed.next().embedding is not None
        feed.end()


def test_streams_that_wait_for_each_other_all_make_progress(server: RunningServer, client: PerceptionClient) -> None:
    feeds = [Feed(client, f"shared-{i}") for i in range(3)]
    for feed in feeds:
        feed.start()
        feed.send(*drive(4))
        feed.end()
    for feed in feeds:
        feed.reader.join(60)
        assert len(feed.read) == 4
        assert feed.read[-1].embedding is not None
        assert feed.read[-1].frame_id == "f3"
