"""Where the scene of a correction comes from: an inline frame, a frame directory on the server, or a session."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from llm_service.correction.received_scene import ReceivedScene, receive_scene
from llm_service.deadline import Deadline
from llm_service.sessions import Session
from perception_service.client import AsyncPerceptionClient
from waymend.bundle import Contract
from waymend.errors import InvalidField
from waymend.frames import read_frame_directory
from waymend.perception.v1 import frame_pb2


class PathOutsideRoot(Exception):
    """A frame directory was asked for that does not lie in the allow-listed root."""


class StaleEmbedding(Exception):
    """A session has no embedding that is new enough."""

    def __init__(self, session_id: str, max_age_ms: float, age_ms: float | None) -> None:
        self.expected = f"an embedding of session {session_id} at most {max_age_ms:g} ms old"
        self.given = "none yet" if age_ms is None else f"{age_ms:.0f} ms"
        super().__init__(f"scene.session_id: expected {self.expected}, given {self.given}")


@dataclass(frozen=True, slots=True, eq=False)
class ObtainedScene:
    """A scene, and what it cost to get: milliseconds in perception and on the wire, 0 from a session."""

    scene: ReceivedScene
    perception_ms: float = 0.0
    wire_ms: float = 0.0


class SceneSources:
    """Turns frames into scenes by asking perception, under this service's contract."""

    def __init__(self, perception: AsyncPerceptionClient, contract: Contract, frames_root: Path | None) -> None:
        self._perception = perception
        self._contract = contract
        self._frames_root = frames_root

    async def from_frame(
        self, frame: frame_pb2.SensorFrame, deadline: Deadline, session: Session | None = None
    ) -> ObtainedScene:
        """Has a frame encoded; for a session, its other followers get the embedding too.

        Raises:
            InvalidField: Perception refuses the frame.
            PerceptionError: Perception is away, overloaded, late or of another contract.
        """
        embedding = await self._perception.encode(
            frame,
            timeout_s=deadline.remaining_s,
            session_id="" if session is None else session.id,
            expected_contract_id=self._contract.contract_id,
        )
        scene = receive_scene(embedding, self._contract) if session is None else session.offer(embedding)
        return ObtainedScene(scene, embedding.timings.total_ms, embedding.timings.wire_ms or 0.0)

    async def read_server_frame(self, relative_path: str) -> frame_pb2.SensorFrame:
        """Reads a frame directory below the allow-listed root.

        Raises:
            PathOutsideRoot: There is no root, or the path leads out of it.
            InvalidField: There is no such frame directory, or it is broken.
        """
        return await asyncio.to_thread(self._read_below_root, relative_path)

    def _read_below_root(self, relative_path: str) -> frame_pb2.SensorFrame:
        if self._frames_root is None:
            raise PathOutsideRoot("this server allows no server-side frames")
        root = self._frames_root.resolve()
        try:
            directory = (root / relative_path).resolve()
            if not directory.is_relative_to(root):
                raise PathOutsideRoot("the path leads out of the allowed root")
            return read_frame_directory(directory).message()
        except InvalidField:
            raise
        except (OSError, ValueError) as error:
            raise InvalidField("scene.path", "a readable frame directory", error) from None


def from_session(session: Session, max_age_ms: float) -> ObtainedScene:
    """The newest scene of a session.

    Raises:
        StaleEmbedding: There is none yet, or it is older than `max_age_ms`.
    """
    newest = session.newest
    if newest is None or newest.age_ms > max_age_ms:
        raise StaleEmbedding(session.id, max_age_ms, None if newest is None else newest.age_ms)
    session.corrections += 1
    return ObtainedScene(newest)
