"""One StreamEncode call: the newest frame wins, overtaken ones are reported."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack

from perception_service.server.encoder import Arrival, FrameEncoder
from perception_service.server.errors import NotServing, invalid_field_message
from perception_service.server.metrics import Metrics
from perception_service.server.sessions import Session, Sessions
from waymend.errors import InvalidField
from waymend.perception.v1 import frame_pb2, perception_pb2

_UNREAD_RESPONSES = 64
"""Where a caller does not read, no more of its frames are taken in."""


class FrameStream:
    """Receives frames into one slot and encodes what is in it, turn by turn."""

    def __init__(self, sessions: Sessions, encoder: FrameEncoder, metrics: Metrics) -> None:
        self._sessions = sessions
        self._encoder = encoder
        self._metrics = metrics
        self._session: Session | None = None
        self._waiting: Arrival | None = None
        self._current: Arrival | None = None
        self._all_received = False
        self._news = asyncio.Event()
        self._responses: asyncio.Queue[perception_pb2.StreamEncodeResponse | None] = asyncio.Queue(_UNREAD_RESPONSES)
        self._open = ExitStack()
        self._receiving: asyncio.Task[None] | None = None

    async def responses(
        self, requests: AsyncIterator[perception_pb2.StreamEncodeRequest]
    ) -> AsyncIterator[perception_pb2.StreamEncodeResponse]:
        """What became of each frame.

        Raises:
            InvalidField: The first message names no legal session.
            TooManySessions: No session is free.
            NotServing: The server stops; the last frame has been answered.
        """
        receiving = self._receiving = asyncio.create_task(self._receive(requests))
        encoding = asyncio.create_task(self._encode_newest())
        try:
            while (response := await self._responses.get()) is not None:
                yield response
            await encoding
            if receiving.cancelled():
                raise NotServing("the server stops")
            await receiving
        finally:
            receiving.cancel()
            encoding.cancel()
            await asyncio.gather(receiving, encoding, return_exceptions=True)
            self._open.close()

    def stop(self) -> None:
        """Takes in no more frames; those that are there are finished."""
        if self._receiving is not None:
            self._receiving.cancel()

    async def _receive(self, requests: AsyncIterator[perception_pb2.StreamEncodeRequest]) -> None:
        try:
            async for request in requests:
                await self._take_in(request, time.perf_counter())
        finally:
            self._all_received = True
            self._news.set()

    async def _take_in(self, request: perception_pb2.StreamEncodeRequest, arrived_s: float) -> None:
        session = self._session or self._open_session(request.session_id)
        try:
            if request.session_id != session.session_id:
                raise InvalidField("session_id", f"{session.session_id}, as before in this stream", request.session_id)
            waiting = (arrival for arrival in (self._waiting, self._current) if arrival is not None)
            session.check_rises(request.frame.timestamp_us, (arrival.frame.timestamp_us for arrival in waiting))
        except InvalidField as error:
            await self._respond(request.frame, rejected=invalid_field_message(error))
            return
        overtaken, self._waiting = self._waiting, Arrival(request.frame, arrived_s)
        self._news.set()
        if overtaken is not None:
            dropped = perception_pb2.FrameDropped(overtaken_by=request.frame.frame_id)
            await self._respond(overtaken.frame, dropped=dropped)

    def _open_session(self, session_id: str) -> Session:
        self._session = self._sessions.open(session_id)
        self._open.enter_context(self._sessions.in_use(self._session))
        return self._session

    async def _encode_newest(self) -> None:
        try:
            while await self._has_news():
                await self._encode_one()
        except Exception:
            await self._responses.put(None)
            raise
        await self._responses.put(None)

    async def _has_news(self) -> bool:
        while self._waiting is None:
            if self._all_received:
                return False
            self._news.clear()
            await self._news.wait()
        return True

    async def _encode_one(self) -> None:
        session = self._session
        assert session is not None
        try:
            embedding = await self._encoder.encode(self._take_newest)
        except InvalidField as error:
            await self._respond(self._taken.frame, rejected=invalid_field_message(error))
        else:
            self._sessions.publish(session, embedding)
            await self._respond(self._taken.frame, embedding=embedding)
        finally:
            self._current = None

    def _take_newest(self) -> Arrival:
        assert self._waiting is not None
        self._current, self._waiting = self._waiting, None
        return self._current

    @property
    def _taken(self) -> Arrival:
        assert self._current is not None
        return self._current

    async def _respond(self, frame: frame_pb2.SensorFrame, **outcome: object) -> None:
        self._metrics.count_stream_frame(*outcome)
        response = perception_pb2.StreamEncodeResponse(frame_id=frame.frame_id, **outcome)  # ty: ignore[invalid-argument-type]
        await self._responses.put(response)
