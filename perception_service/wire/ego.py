"""Motion and past of the ego vehicle."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from perception_service.limits import FrameLimits
from perception_service.wire.values import FARTHEST_IN_EGO_M, checked_count, checked_number, checked_timestamp
from waymend.errors import InvalidField
from waymend.perception.v1 import frame_pb2
from waymend.trajectory import EgoState

_FASTEST_MPS = 200.0
_LARGEST_ACCELERATION_MPS2 = 200.0
_LARGEST_YAW_RATE_RADPS = 50.0
_LARGEST_YAW_RAD = 1_000.0


def decode_ego_state(state: frame_pb2.EgoState, field: str) -> EgoState:
    """The ego state; bounds are far beyond what a vehicle can do."""
    acceleration, yaw_rate = _LARGEST_ACCELERATION_MPS2, _LARGEST_YAW_RATE_RADPS
    return EgoState(
        speed_mps=checked_number(state.speed_mps, f"{field}.speed_mps", -_FASTEST_MPS, _FASTEST_MPS),
        acceleration_mps2=checked_number(
            state.acceleration_mps2, f"{field}.acceleration_mps2", -acceleration, acceleration
        ),
        yaw_rate_radps=checked_number(state.yaw_rate_radps, f"{field}.yaw_rate_radps", -yaw_rate, yaw_rate),
    )


def decode_history(
    history: Sequence[frame_pb2.PastEgoPose], timestamp_us: int, limits: FrameLimits, field: str
) -> NDArray[np.float64]:
    """float64 [K, 4]: age (s, positive), x, y (m), yaw (rad) in the ego frame at `timestamp_us`, oldest first.

    Raises:
        InvalidField: Too many poses, not sorted, not before the frame, or values out of range.
    """
    checked_count(len(history), field, limits.history)
    rows = [_row(past, timestamp_us, f"{field}.{i}") for i, past in enumerate(history)]
    for i, (earlier, later) in enumerate(pairwise(history), start=1):
        if later.timestamp_us <= earlier.timestamp_us:
            raise InvalidField(f"{field}.{i}.timestamp_us", f"more than {earlier.timestamp_us}", later.timestamp_us)
    return np.array(rows, np.float64).reshape(-1, 4)


def _row(past: frame_pb2.PastEgoPose, timestamp_us: int, field: str) -> tuple[float, float, float, float]:
    past_us = checked_timestamp(past.timestamp_us, f"{field}.timestamp_us")
    if past_us >= timestamp_us:
        raise InvalidField(f"{field}.timestamp_us", f"less than the frame's {timestamp_us}", past_us)
    return (
        (timestamp_us - past_us) * 1e-6,
        checked_number(past.x_ego_m, f"{field}.x_ego_m", -FARTHEST_IN_EGO_M, FARTHEST_IN_EGO_M),
        checked_number(past.y_ego_m, f"{field}.y_ego_m", -FARTHEST_IN_EGO_M, FARTHEST_IN_EGO_M),
        checked_number(past.yaw_rad, f"{field}.yaw_rad", -_LARGEST_YAW_RAD, _LARGEST_YAW_RAD),
    )
