"""Sessions: drives whose newest embedding this service follows."""

import asyncio
import time
import uuid
from typing import Literal

import structlog

from llm_service.correction.received_scene import ForeignContract, ReceivedScene, receive_scene
from perception_service.client import AsyncPerceptionClient, ContractMismatch, Embedding, PerceptionError
from waymend.bundle import Contract
from waymend.errors import InvalidField

SessionState = Literal["waiting", "following", "reconnecting", "refused"]
_FIRST_RETRY_S = 0.2
_LONGEST_RETRY_S = 5.0
log = structlog.get_logger(__name__)


class UnknownSession(Exception):
    """No such session: it was never opened, was closed, or has expired."""


class SessionExists(Exception):
    """A session of this name is open already."""


class TooManySessions(Exception):
    """The limit of open sessions is reached."""


class Session:
    """One drive: its newest scene, kept up to date by a follower task.

    Attributes:
        newest: The scene with the latest timestamp; None until one has arrived.
        state: `waiting` for a first embedding, `following`, `reconnecting` after perception went away, or `refused`
            because perception serves another contract.
        frames: Embeddings received.
        corrections: Corrections made from this session.
    """

    def __init__(self, session_id: str, perception: AsyncPerceptionClient, contract: Contract) -> None:
        self.id = session_id
        self.newest: ReceivedScene | None = None
        self.state: SessionState = "waiting"
        self.frames = 0
        self.corrections = 0
        self.last_used_s = time.monotonic()
        self._perception = perception
        self._contract = contract
        self._follower = asyncio.create_task(self._follow(), name=f"follow-{session_id}")

    def offer(self, embedding: Embedding) -> ReceivedScene:
        """Takes the embedding if it is newer than what is at hand, and returns the newest scene.

        Raises:
            ForeignContract, InvalidField: As `receive_scene`.
        """
        self.touch()
        if self.newest is None or embedding.timestamp_us > self.newest.embedding.timestamp_us:
            self.newest = receive_scene(embedding, self._contract)
            self.frames += 1
        return self.newest

    def touch(self) -> None:
        """Puts the expiry off."""
        self.last_used_s = time.monotonic()

    async def close(self) -> None:
        """Stops following."""
        self._follower.cancel()
        await asyncio.gather(self._follower, return_exceptions=True)

    async def _follow(self) -> None:
        retry_s = _FIRST_RETRY_S
        while True:
            try:
                async for embedding in self._perception.subscribe(
                    self.id, expected_contract_id=self._contract.contract_id
                ):
                    self.offer(embedding)
                    self.state = "following"
                    retry_s = _FIRST_RETRY_S
                self.state = "reconnecting"
            except (ContractMismatch, ForeignContract) as error:
                self._leave("refused", error)
            except (InvalidField, PerceptionError) as error:
                self._leave("reconnecting", error)
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, _LONGEST_RETRY_S)

    def _leave(self, state: SessionState, reason: Exception) -> None:
        if self.state != state:
            log.warning("session lost perception", session=self.id, state=state, reason=str(reason))
        self.state = state


class SessionRegistry:
    """All open sessions: limited in number, and expired when unused."""

    def __init__(self, perception: AsyncPerceptionClient, contract: Contract, max_sessions: int, idle_s: float) -> None:
        self._perception = perception
        self._contract = contract
        self._max_sessions = max_sessions
        self._idle_s = idle_s
        self._sessions: dict[str, Session] = {}
        self._sweeper = asyncio.create_task(self._sweep(), name="expire-sessions")

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, session_id: str | None = None) -> Session:
        """Opens a session and starts to follow it.

        Raises:
            SessionExists: The name is taken.
            TooManySessions: The limit is reached.
        """
        name = session_id or uuid.uuid4().hex
        if name in self._sessions:
            raise SessionExists(name)
        if len(self._sessions) >= self._max_sessions:
            raise TooManySessions(self._max_sessions)
        self._sessions[name] = Session(name, self._perception, self._contract)
        return self._sessions[name]

    def get(self, session_id: str) -> Session:
        """The session, whose expiry is put off; raises UnknownSession."""
        session = self._sessions.get(session_id)
        if session is None:
            raise UnknownSession(session_id)
        session.touch()
        return session

    def expires_in_s(self, session: Session) -> float:
        """Seconds until the session expires if nobody uses it."""
        return max(0.0, session.last_used_s + self._idle_s - time.monotonic())

    async def close(self, session_id: str) -> None:
        """Closes a session; raises UnknownSession."""
        session = self._sessions.pop(session_id, None)
        if session is None:
            raise UnknownSession(session_id)
        await session.close()

    async def close_all(self) -> None:
        """Closes every session and stops expiring them."""
        self._sweeper.cancel()
        for session_id in list(self._sessions):
            await self.close(session_id)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._idle_s / 4))
            for session in list(self._sessions.values()):
                if self.expires_in_s(session) == 0.0:
                    log.info("session expired", session=session.id)
                    self._sessions.pop(session.id, None)
                    await session.close()
