"""Checks of single values of a message."""

import math
from collections.abc import Sequence

from waymend.errors import InvalidField
from waymend.geometry import Pose
from waymend.perception.v1 import geometry_pb2

LONGEST_NAME = 128
FARTHEST_IN_EGO_M = 10_000.0
"""Nothing that a sensor or a local map tells of lies farther than this from the vehicle."""
_FARTHEST_IN_GLOBAL_M = 1e8
"""More than twice the Earth's circumference: any global frame fits."""
_LARGEST_TIMESTAMP_US = 2**62


def checked_number(value: float, field: str, lowest: float, highest: float) -> float:
    """The value, where it is finite and within bounds."""
    if not (math.isfinite(value) and lowest <= value <= highest):
        raise InvalidField(field, f"a number from {lowest:g} to {highest:g}", value)
    return value


def checked_timestamp(timestamp_us: int, field: str) -> int:
    """The timestamp, where it is positive and leaves room for differences."""
    if not 0 < timestamp_us < _LARGEST_TIMESTAMP_US:
        raise InvalidField(field, "microseconds since the Unix epoch, above 0", timestamp_us)
    return timestamp_us


def checked_name(name: str, field: str) -> str:
    """The name, where it has at most 128 characters."""
    if len(name) > LONGEST_NAME:
        raise InvalidField(field, f"at most {LONGEST_NAME} characters", f"{len(name)} characters")
    return name


def checked_count(count: int, field: str, most: int) -> None:
    """Refuses lists that are longer than the limit."""
    if count > most:
        raise InvalidField(field, f"at most {most} entries", f"{count} entries")


def name_of(wire_index: int, names: Sequence[str], field: str) -> str:
    """The word that an enum value stands for; enums count the vocabulary from 1."""
    if not 1 <= wire_index <= len(names):
        raise InvalidField(field, f"one of {', '.join(names)}", f"unknown value {wire_index}")
    return names[wire_index - 1]


def decoded_pose(pose: geometry_pb2.Pose, field: str) -> Pose:
    """The pose, where its quaternion has unit length and all is finite."""
    shift, turn = pose.translation_m, pose.rotation
    for axis in ("x", "y", "z"):
        checked_number(
            getattr(shift, axis), f"{field}.translation_m.{axis}", -_FARTHEST_IN_GLOBAL_M, _FARTHEST_IN_GLOBAL_M
        )
    try:
        return Pose.from_quaternion((turn.w, turn.x, turn.y, turn.z), (shift.x, shift.y, shift.z))
    except InvalidField as error:
        raise error.within(field) from None
