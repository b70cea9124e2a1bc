"""Sessions: the newest embedding of each drive, and those who follow it."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterable
from contextlib import contextmanager
from typing import NamedTuple

from perception_service.server.errors import CallRefused, NotServing, SessionClosed, TooManySessions
from waymend.errors import InvalidField
from waymend.perception.v1 import embedding_pb2, perception_pb2

_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Published(NamedTuple):
    """An embedding, and when it was published by the server's clock."""

    embedding: embedding_pb2.SceneEmbedding
    at_s: float


class Follower:
    """One slot that holds the newest embedding not yet taken."""

    def __init__(self, newest: Published | None) -> None:
        self._slot = newest
        self._end: CallRefused | None = None
        self._changed = asyncio.Event()
        if newest is not None:
            self._changed.set()

    def offer(self, published: Published) -> None:
        self._slot = published
        self._changed.set()

    def end(self, reason: CallRefused) -> None:
        self._end = reason
        self._changed.set()

    async def take(self) -> Published:
        """Waits for an embedding; raises the reason where the session has ended."""
        await self._changed.wait()
        self._changed.clear()
        if self._end is not None:
            raise self._end
        assert self._slot is not None
        return self._slot


class Session:
    """One drive."""

    def __init__(self, session_id: str, now_s: float) -> None:
        self.session_id = session_id
        self.newest: Published | None = None
        self.active_s = now_s
        self.users = 0
        self.followers: set[Follower] = set()

    @property
    def newest_timestamp_us(self) -> int:
        """Of the newest embedding; 0 before the first."""
        return self.newest.embedding.timestamp_us if self.newest is not None else 0

    def check_rises(self, timestamp_us: int, waiting_us: Iterable[int] = ()) -> None:
        """Raises InvalidField where a frame is not newer than the newest embedding and the frames that still wait."""
        latest_us = max(self.newest_timestamp_us, *waiting_us, 0)
        if timestamp_us <= latest_us:
            raise InvalidField("frame.timestamp_us", f"more than {latest_us}, the session's latest", timestamp_us)


class Sessions:
    """All drives of a server.

    A session expires when nothing was sent to it and no stream was open for `idle_s` seconds.
    """

    def __init__(self, max_sessions: int, idle_s: float, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._max_sessions = max_sessions
        self._idle_s = idle_s
        self._clock_s = clock_s
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, session_id: str) -> Session:
        """The session of that name, a new one where there is none.

        Raises:
            InvalidField: Not a session id.
            TooManySessions: A new one is one too many.
        """
        if not _SESSION_ID.fullmatch(session_id):
            raise InvalidField("session_id", "1 to 64 letters, digits, '-' or '_'", session_id)
        self.close_idle()
        session = self._sessions.get(session_id)
        if session is None:
            if len(self._sessions) >= self._max_sessions:
                raise TooManySessions(f"all {self._max_sessions} sessions are in use")
            session = self._sessions[session_id] = Session(session_id, self._clock_s())
        session.active_s = self._clock_s()
        return session

    @contextmanager
    def in_use(self, session: Session) -> Generator[None]:
        """Keeps the session open while its frames come or are encoded."""
        session.users += 1
        try:
            yield
        finally:
            session.users -= 1
            session.active_s = self._clock_s()

    def publish(self, session: Session, embedding: embedding_pb2.SceneEmbedding) -> None:
        """Gives the embedding to the followers, unless they already have a newer one."""
        session.active_s = self._clock_s()
        if embedding.timestamp_us <= session.newest_timestamp_us:
            return
        session.newest = Published(embedding, session.active_s)
        for follower in session.followers:
            follower.offer(session.newest)

    async def follow(self, session: Session) -> AsyncIterator[perception_pb2.SubscribeResponse]:
        """The newest embedding at once, then later ones; those that a slow reader missed are skipped.

        Raises:
            SessionClosed: The session has expired.
            NotServing: The server stops.
        """
        follower = Follower(session.newest)
        session.followers.add(follower)
        try:
            while True:
                embedding, at_s = await follower.take()
                age_ms = (self._clock_s() - at_s) * 1e3
                yield perception_pb2.SubscribeResponse(embedding=embedding, age_ms=age_ms)
        finally:
            session.followers.discard(follower)

    def close_idle(self) -> None:
        """Closes sessions whose time is up."""
        oldest_s = self._clock_s() - self._idle_s
        for session in [s for s in self._sessions.values() if not s.users and s.active_s < oldest_s]:
            self._close(session, SessionClosed(f"session {session.session_id} had no frames for {self._idle_s:g} s"))

    def close_all(self) -> None:
        """Ends every follower's stream."""
        for session in list(self._sessions.values()):
            self._close(session, NotServing("the server stops"))

    def _close(self, session: Session, reason: CallRefused) -> None:
        del self._sessions[session.session_id]
        for follower in session.followers:
            follower.end(reason)
