"""What became of one frame of a stream."""

from collections.abc import Mapping
from dataclasses import dataclass

from perception_service.client.embedding import Embedding, TokenSet, embedding_from_message
from perception_service.client.errors import PerceptionFailed, invalid_field
from waymend.errors import InvalidField
from waymend.perception.v1 import perception_pb2


@dataclass(frozen=True, slots=True, eq=False)
class FrameOutcome:
    """Exactly one of the three is set.

    Attributes:
        frame_id: The frame's.
        embedding: The frame was encoded.
        overtaken_by: frame_id of the newer frame that overtook this one.
        rejected: The frame was refused.
    """

    frame_id: str
    embedding: Embedding | None = None
    overtaken_by: str | None = None
    rejected: InvalidField | None = None


def outcome_from_message(
    message: perception_pb2.StreamEncodeResponse, token_sets: Mapping[str, TokenSet]
) -> FrameOutcome:
    """One response of StreamEncode, checked."""
    match message.WhichOneof("outcome"):
        case "embedding":
            return FrameOutcome(message.frame_id, embedding=embedding_from_message(message.embedding, token_sets))
        case "dropped":
            return FrameOutcome(message.frame_id, overtaken_by=message.dropped.overtaken_by)
        case "rejected":
            return FrameOutcome(message.frame_id, rejected=invalid_field(message.rejected))
    raise PerceptionFailed(f"no outcome for frame {message.frame_id}")
