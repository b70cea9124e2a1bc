"""Agent boxes to and from the wire."""

import math
from collections.abc import Iterable

from perception_service.limits import FrameLimits
from perception_service.wire.values import (
    FARTHEST_IN_EGO_M,
    checked_count,
    checked_name,
    checked_number,
    name_of,
)
from waymend.agents import AgentBox
from waymend.errors import InvalidField
from waymend.perception.v1 import frame_pb2, geometry_pb2
from waymend.vocabulary import OBJECT_CLASSES

_LARGEST_EXTENT_M = 200.0
"""Longer than any road vehicle; a row of barriers fits too."""
_FASTEST_MPS = 200.0
_LARGEST_YAW_RAD = 1_000.0


def decode_agents(agents: frame_pb2.AgentList, limits: FrameLimits, field: str) -> tuple[AgentBox, ...]:
    """The boxes, each checked.

    Raises:
        InvalidField: Too many boxes, an unknown class, a size that is not positive, or a value out of range.
    """
    checked_count(len(agents.boxes), field, limits.agents)
    return tuple(_decode_box(box, f"{field}.{i}") for i, box in enumerate(agents.boxes))


def box_messages(boxes: Iterable[AgentBox]) -> list[frame_pb2.AgentBox]:
    """The boxes as messages."""
    return [_box_message(box) for box in boxes]


def _decode_box(box: frame_pb2.AgentBox, field: str) -> AgentBox:
    center = box.center_ego_m
    return AgentBox(
        track_id=checked_name(box.track_id, f"{field}.track_id"),
        object_class=name_of(box.object_class, OBJECT_CLASSES, f"{field}.object_class"),
        center_ego_m=(
            _coordinate(center.x, f"{field}.center_ego_m.x"),
            _coordinate(center.y, f"{field}.center_ego_m.y"),
            _coordinate(center.z, f"{field}.center_ego_m.z"),
        ),
        length_m=_extent(box.length_m, f"{field}.length_m"),
        width_m=_extent(box.width_m, f"{field}.width_m"),
        height_m=_extent(box.height_m, f"{field}.height_m"),
        yaw_rad=checked_number(box.yaw_rad, f"{field}.yaw_rad", -_LARGEST_YAW_RAD, _LARGEST_YAW_RAD),
        velocity_ego_mps=(
            checked_number(box.velocity_x_ego_mps, f"{field}.velocity_x_ego_mps", -_FASTEST_MPS, _FASTEST_MPS),
            checked_number(box.velocity_y_ego_mps, f"{field}.velocity_y_ego_mps", -_FASTEST_MPS, _FASTEST_MPS),
        ),
        score=checked_number(box.score, f"{field}.score", 0.0, 1.0),
    )


def _coordinate(value: float, field: str) -> float:
    return checked_number(value, field, -FARTHEST_IN_EGO_M, FARTHEST_IN_EGO_M)


def _extent(value: float, field: str) -> float:
    if not (math.isfinite(value) and 0 < value <= _LARGEST_EXTENT_M):
        raise InvalidField(field, f"metres above 0 and at most {_LARGEST_EXTENT_M:g}", value)
    return value


def _box_message(box: AgentBox) -> frame_pb2.AgentBox:
    x, y, z = box.center_ego_m
    velocity_x, velocity_y = box.velocity_ego_mps
    return frame_pb2.AgentBox(
        track_id=box.track_id,
        object_class=OBJECT_CLASSES.index(box.object_class) + 1,  # ty: ignore[invalid-argument-type]
        center_ego_m=geometry_pb2.Vector3(x=x, y=y, z=z),
        length_m=box.length_m,
        width_m=box.width_m,
        height_m=box.height_m,
        yaw_rad=box.yaw_rad,
        velocity_x_ego_mps=velocity_x,
        velocity_y_ego_mps=velocity_y,
        score=box.score,
    )
