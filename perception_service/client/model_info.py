"""What a server runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from perception_service.client.embedding import TokenSet
from waymend.perception.v1 import perception_pb2
from waymend.vocabulary import OBJECT_CLASSES


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The loaded bundle and the limits of a server.

    Attributes:
        trained: False where the weights are random and answers mean nothing.
        token_sets: By modality.
        detection_classes: In the order of the head's channels.
    """

    bundle_name: str
    bundle_version: str
    trained: bool
    contract_id: str
    token_sets: Mapping[str, TokenSet]
    detection_classes: tuple[str, ...]
    device: str
    max_lidar_points: int
    max_jpeg_bytes: int


def model_info_from_message(message: perception_pb2.GetModelInfoResponse) -> ModelInfo:
    """The answer of GetModelInfo, typed."""
    return ModelInfo(
        bundle_name=message.bundle_name,
        bundle_version=message.bundle_version,
        trained=message.trained,
        contract_id=message.contract_id,
        token_sets={modality.name: TokenSet(modality.max_tokens, modality.width) for modality in message.modalities},
        detection_classes=tuple(OBJECT_CLASSES[i - 1] for i in message.detection_classes),
        device=message.device,
        max_lidar_points=message.max_lidar_points,
        max_jpeg_bytes=message.max_jpeg_bytes,
    )
