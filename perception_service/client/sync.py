"""The blocking client."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Self

import grpc

from perception_service.client.channel import HEALTH_METHOD, HEALTH_REQUEST, HEALTH_SERVING, ChannelSettings
from perception_service.client.embedding import DEFAULT_TOKEN_SETS, Embedding, TokenSet, embedding_from_message
from perception_service.client.errors import rpc_errors_translated
from perception_service.client.model_info import ModelInfo, model_info_from_message
from perception_service.client.outcome import FrameOutcome, outcome_from_message
from waymend.perception.v1 import frame_pb2, perception_pb2, perception_pb2_grpc


class PerceptionClient:
    """Calls PerceptionService; safe to share between threads.

    Every call may raise `InvalidField` (the request is wrong) or a `PerceptionError`.

    Args:
        address: `host:port`.
        settings: Limits and TLS.
        token_sets: What token sets an embedding may hold.
    """

    def __init__(
        self,
        address: str,
        settings: ChannelSettings | None = None,
        token_sets: Mapping[str, TokenSet] = DEFAULT_TOKEN_SETS,
    ) -> None:
        self._settings = settings or ChannelSettings()
        self._token_sets = token_sets
        credentials, options = self._settings.credentials, self._settings.options
        self._channel = (
            grpc.secure_channel(address, credentials, options)
            if credentials
            else grpc.insecure_channel(address, options)
        )
        self._stub = perception_pb2_grpc.PerceptionServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all calls and closes the connection."""
        self._channel.close()

    def encode(
        self,
        frame: frame_pb2.SensorFrame,
        timeout_s: float | None = None,
        session_id: str = "",
        expected_contract_id: str = "",
    ) -> Embedding:
        """The embedding of one frame, also published to the session's followers where one is named."""
        self._settings.check_size(frame)
        request = perception_pb2.EncodeRequest(
            frame=frame, session_id=session_id, expected_contract_id=expected_contract_id
        )
        started_s = time.perf_counter()
        with rpc_errors_translated():
            response = self._stub.Encode(request, timeout=timeout_s)
        round_trip_ms = (time.perf_counter() - started_s) * 1e3
        return embedding_from_message(response.embedding, self._token_sets, expected_contract_id, round_trip_ms)

    def stream_encode(
        self, session_id: str, frames: Iterable[frame_pb2.SensorFrame], timeout_s: float | None = None
    ) -> Iterator[FrameOutcome]:
        """Sends the frames of a drive in order and tells what became of each; frames are drawn as they can be sent."""
        requests = (perception_pb2.StreamEncodeRequest(session_id=session_id, frame=frame) for frame in frames)
        call = self._stub.StreamEncode(requests, timeout=timeout_s)
        try:
            with rpc_errors_translated():
                for response in call:
                    yield outcome_from_message(response, self._token_sets)
        finally:
            call.cancel()

    def subscribe(
        self, session_id: str, expected_contract_id: str = "", timeout_s: float | None = None
    ) -> Iterator[Embedding]:
        """The newest embedding of a session, then each later one, until the iterator is closed."""
        request = perception_pb2.SubscribeRequest(session_id=session_id, expected_contract_id=expected_contract_id)
        call = self._stub.Subscribe(request, timeout=timeout_s)
        try:
            with rpc_errors_translated():
                for response in call:
                    yield embedding_from_message(
                        response.embedding, self._token_sets, expected_contract_id, age_ms=response.age_ms
                    )
        finally:
            call.cancel()

    def model_info(self, timeout_s: float | None = None) -> ModelInfo:
        """What the server runs."""
        with rpc_errors_translated():
            response = self._stub.GetModelInfo(perception_pb2.GetModelInfoRequest(), timeout=timeout_s)
        return model_info_from_message(response)

    def is_serving(self, timeout_s: float = 1.0) -> bool:
        """Whether the server's health is SERVING; False where it cannot be reached."""
        check = self._channel.unary_unary(HEALTH_METHOD)
        try:
            return check(HEALTH_REQUEST, timeout=timeout_s) == HEALTH_SERVING
        except grpc.RpcError:
            return False
