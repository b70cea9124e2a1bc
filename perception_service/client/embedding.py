"""A scene embedding, checked on receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception_service.client.errors import ContractMismatch, MalformedEmbedding
from waymend.agents import AgentBox, DrivableArea
from waymend.errors import InvalidField
from waymend.perception.v1 import embedding_pb2, frame_pb2, geometry_pb2
from waymend.tensors import unpack_tensor
from waymend.trajectory import EgoState
from waymend.vocabulary import OBJECT_CLASSES


@dataclass(frozen=True, slots=True)
class TokenSet:
    """At most `max_tokens` tokens of `width` numbers."""

    max_tokens: int
    width: int


DEFAULT_TOKEN_SETS: Mapping[str, TokenSet] = {
    "image": TokenSet(96, 256),
    "bev": TokenSet(64, 256),
    "vector": TokenSet(128, 256),
}


@dataclass(frozen=True, slots=True)
class StageTimings:
    """Milliseconds of one frame in each stage; `wire_ms` is measured by the client."""

    queue_ms: float
    decode_ms: float
    bevfusion_ms: float
    tokens_ms: float
    total_ms: float
    wire_ms: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """What perception says about one frame; boxes and areas refer to the ego frame at `timestamp_us`.

    Attributes:
        image_tokens, bev_tokens, vector_tokens: float16 [N, width], finite, read-only; empty without a token set.
        detections: What BEVFusion detected, best first.
        agents: What the vector tokens describe; `agents_given` tells whether the sender of the frame gave them.
        drivable_areas: Empty where unknown.
        ego_state: None where the frame had none.
        timings: `wire_ms` is the round trip less the server's time; None for embeddings of a stream.
        age_ms: How long the server had it when it was sent: 0 for an answer, more for one that is followed.
        message: The message that this was read from, for passing on as it is.
    """

    frame_id: str
    timestamp_us: int
    contract_id: str
    image_tokens: NDArray[np.float16]
    bev_tokens: NDArray[np.float16]
    vector_tokens: NDArray[np.float16]
    detections: tuple[AgentBox, ...]
    agents: tuple[AgentBox, ...]
    agents_given: bool
    drivable_areas: tuple[DrivableArea, ...]
    ego_state: EgoState | None
    timings: StageTimings
    age_ms: float
    message: embedding_pb2.SceneEmbedding


def embedding_from_message(
    message: embedding_pb2.SceneEmbedding,
    token_sets: Mapping[str, TokenSet],
    expected_contract_id: str = "",
    round_trip_ms: float | None = None,
    age_ms: float = 0.0,
) -> Embedding:
    """Reads an embedding.

    Raises:
        ContractMismatch: It comes from another contract.
        MalformedEmbedding: Wrong dtype, width, number of tokens or byte length, an unknown class, or NaN or Inf.
    """
    if expected_contract_id not in ("", message.contract_id):
        raise ContractMismatch(f"contract id {expected_contract_id} was expected, given {message.contract_id}")
    try:
        if not age_ms >= 0:
            raise InvalidField("age_ms", "milliseconds", age_ms)
        return _read(message, token_sets, _timings(message.timings, round_trip_ms), age_ms)
    except InvalidField as error:
        raise MalformedEmbedding(str(error)) from error


def _read(
    message: embedding_pb2.SceneEmbedding, token_sets: Mapping[str, TokenSet], timings: StageTimings, age_ms: float
) -> Embedding:
    return Embedding(
        frame_id=message.frame_id,
        timestamp_us=message.timestamp_us,
        contract_id=message.contract_id,
        image_tokens=_tokens(message, "image", token_sets),
        bev_tokens=_tokens(message, "bev", token_sets),
        vector_tokens=_tokens(message, "vector", token_sets),
        detections=_boxes(message.detections, "embedding.detections"),
        agents=_boxes(message.agents, "embedding.agents"),
        agents_given=message.agent_source == embedding_pb2.AGENT_SOURCE_GIVEN,
        drivable_areas=tuple(
            _area(area, f"embedding.drivable_areas.{i}") for i, area in enumerate(message.drivable_areas)
        ),
        ego_state=_ego_state(message.ego_state) if message.HasField("ego_state") else None,
        timings=timings,
        age_ms=age_ms,
        message=message,
    )


def _tokens(
    message: embedding_pb2.SceneEmbedding, modality: str, token_sets: Mapping[str, TokenSet]
) -> NDArray[np.float16]:
    """Those of a modality that the contract lacks have to be none."""
    name, token_set = f"{modality}_tokens", token_sets.get(modality)
    shape, most = ((None, token_set.width), token_set.max_tokens) if token_set else ((None, None), 0)
    return unpack_tensor(getattr(message, name), f"embedding.{name}", "float16", shape, most)


def _boxes(boxes: Sequence[frame_pb2.AgentBox], field: str) -> tuple[AgentBox, ...]:
    return tuple(_box(box, f"{field}.{i}") for i, box in enumerate(boxes))


def _box(box: frame_pb2.AgentBox, field: str) -> AgentBox:
    if not 1 <= box.object_class <= len(OBJECT_CLASSES):
        raise InvalidField(f"{field}.object_class", f"one of {', '.join(OBJECT_CLASSES)}", box.object_class)
    center, velocity = box.center_ego_m, (box.velocity_x_ego_mps, box.velocity_y_ego_mps)
    numbers = (center.x, center.y, center.z, box.length_m, box.width_m, box.height_m, box.yaw_rad, *velocity, box.score)
    if not np.isfinite(numbers).all():
        raise InvalidField(field, "finite numbers", numbers)
    return AgentBox(
        track_id=box.track_id,
        object_class=OBJECT_CLASSES[box.object_class - 1],
        center_ego_m=(center.x, center.y, center.z),
        length_m=box.length_m,
        width_m=box.width_m,
        height_m=box.height_m,
        yaw_rad=box.yaw_rad,
        velocity_ego_mps=velocity,
        score=box.score,
    )


def _area(area: geometry_pb2.Polygon, field: str) -> DrivableArea:
    return DrivableArea(
        exterior_ego_m=unpack_tensor(area.exterior_ego_m, f"{field}.exterior_ego_m", "float32", (None, 2)),
        holes_ego_m=tuple(
            unpack_tensor(hole, f"{field}.holes_ego_m.{i}", "float32", (None, 2))
            for i, hole in enumerate(area.holes_ego_m)
        ),
    )


def _ego_state(state: frame_pb2.EgoState) -> EgoState:
    numbers = (state.speed_mps, state.acceleration_mps2, state.yaw_rate_radps)
    if not np.isfinite(numbers).all():
        raise InvalidField("embedding.ego_state", "finite numbers", numbers)
    return EgoState(*numbers)


def _timings(timings: embedding_pb2.StageTimings, round_trip_ms: float | None) -> StageTimings:
    stages: dict[str, Any] = {field.name: getattr(timings, field.name) for field in timings.DESCRIPTOR.fields}
    wire_ms = None if round_trip_ms is None else max(0.0, round_trip_ms - timings.total_ms)
    return StageTimings(**stages, wire_ms=wire_ms)
