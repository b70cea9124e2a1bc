"""The four calls of PerceptionService."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from perception_service.limits import FrameLimits
from perception_service.server.encoder import Arrival, FrameEncoder
from perception_service.server.errors import ForeignContract, NotServing
from perception_service.server.metrics import Metrics
from perception_service.server.sessions import Sessions
from perception_service.server.stream import FrameStream
from waymend.bundle import Manifest
from waymend.perception.v1 import frame_pb2, perception_pb2, perception_pb2_grpc
from waymend.vocabulary import OBJECT_CLASSES


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """What is served once the bundle has been loaded."""

    manifest: Manifest
    device: str
    encoder: FrameEncoder


class PerceptionService(perception_pb2_grpc.PerceptionServiceServicer):
    """Answers calls; it refuses them as UNAVAILABLE until `model` is set."""

    def __init__(self, sessions: Sessions, limits: FrameLimits, metrics: Metrics) -> None:
        self.model: LoadedModel | None = None
        self._sessions = sessions
        self._limits = limits
        self._metrics = metrics
        self._streams: set[FrameStream] = set()

    async def Encode(self, request: perception_pb2.EncodeRequest, context: Any) -> perception_pb2.EncodeResponse:
        arrival = Arrival(request.frame, time.perf_counter())
        model = self._loaded(request.expected_contract_id)
        model.encoder.check_room()
        before_deadline = _before_deadline(context.time_remaining())
        if not request.session_id:
            embedding = await model.encoder.encode(lambda: arrival, before_deadline)
            return perception_pb2.EncodeResponse(embedding=embedding)
        session = self._sessions.open(request.session_id)
        session.check_rises(request.frame.timestamp_us)
        with self._sessions.in_use(session):
            embedding = await model.encoder.encode(lambda: arrival, before_deadline)
            self._sessions.publish(session, embedding)
        return perception_pb2.EncodeResponse(embedding=embedding)

    async def StreamEncode(
        self, request_iterator: Any, context: Any
    ) -> AsyncIterator[perception_pb2.StreamEncodeResponse]:
        stream = FrameStream(self._sessions, self._loaded().encoder, self._metrics)
        self._streams.add(stream)
        try:
            async for response in stream.responses(request_iterator):
                yield response
        finally:
            self._streams.discard(stream)

    async def Subscribe(
        self, request: perception_pb2.SubscribeRequest, context: Any
    ) -> AsyncIterator[perception_pb2.SubscribeResponse]:
        self._loaded(request.expected_contract_id)
        session = self._sessions.open(request.session_id)
        async for response in self._sessions.follow(session):
            yield response

    async def GetModelInfo(
        self, request: perception_pb2.GetModelInfoRequest, context: Any
    ) -> perception_pb2.GetModelInfoResponse:
        model = self._loaded()
        manifest = model.manifest
        return perception_pb2.GetModelInfoResponse(
            bundle_name=manifest.name,
            bundle_version=manifest.version,
            trained=manifest.trained,
            contract_id=manifest.contract_id,
            modalities=[
                perception_pb2.ModalityInfo(name=name, max_tokens=modality.tokens, width=modality.width)
                for name, modality in manifest.contract.modalities.items()
            ],
            detection_classes=[frame_pb2.ObjectClass.ValueType(i + 1) for i in range(len(OBJECT_CLASSES))],
            device=model.device,
            max_lidar_points=self._limits.lidar_points,
            max_jpeg_bytes=self._limits.jpeg_bytes,
        )

    def stop(self) -> None:
        """Ends followers and streams; frames that are there are finished."""
        self._sessions.close_all()
        for stream in self._streams:
            stream.stop()

    def _loaded(self, expected_contract_id: str = "") -> LoadedModel:
        if self.model is None:
            raise NotServing("the model is not loaded yet")
        contract_id = self.model.manifest.contract_id
        if expected_contract_id not in ("", contract_id):
            raise ForeignContract(f"contract id {expected_contract_id[:64]} was expected, given {contract_id}")
        return self.model


def _before_deadline(remaining_s: float | None) -> Callable[[], bool]:
    if remaining_s is None:
        return lambda: True
    deadline_s = time.monotonic() + remaining_s
    return lambda: time.monotonic() < deadline_s
