"""Typed clients of PerceptionService; they need grpcio, protobuf and numpy, nothing more."""

from perception_service.client.aio import AsyncPerceptionClient
from perception_service.client.channel import ChannelSettings
from perception_service.client.embedding import DEFAULT_TOKEN_SETS, Embedding, StageTimings, TokenSet
from perception_service.client.errors import (
    ContractMismatch,
    DeadlineExceeded,
    MalformedEmbedding,
    Overloaded,
    PerceptionError,
    PerceptionFailed,
    PerceptionUnavailable,
    UnknownSession,
)
from perception_service.client.model_info import ModelInfo
from perception_service.client.outcome import FrameOutcome
from perception_service.client.sync import PerceptionClient

__all__ = [
    "DEFAULT_TOKEN_SETS",
    "AsyncPerceptionClient",
    "ChannelSettings",
    "ContractMismatch",
    "DeadlineExceeded",
    "Embedding",
    "FrameOutcome",
    "MalformedEmbedding",
    "ModelInfo",
    "Overloaded",
    "PerceptionClient",
    "PerceptionError",
    "PerceptionFailed",
    "PerceptionUnavailable",
    "StageTimings",
    "TokenSet",
    "UnknownSession",
]
