"""LiDAR points."""

import numpy as np
from numpy.typing import NDArray

from perception_service.limits import FrameLimits
from perception_service.wire.values import FARTHEST_IN_EGO_M
from waymend.errors import InvalidField
from waymend.perception.v1 import frame_pb2
from waymend.tensors import unpack_tensor

_BRIGHTEST = 255.0
_OLDEST_SWEEP_S = 10.0


def decode_points(lidar: frame_pb2.LidarCloud, limits: FrameLimits, field: str) -> NDArray[np.float32]:
    """float32 [N, 5]: x, y, z (LiDAR frame, m), intensity 0..255, age of the sweep (s); N may be 0.

    Raises:
        InvalidField: Wrong dtype, shape or byte length, too many points, or values out of range.
    """
    path = f"{field}.points"
    points = unpack_tensor(lidar.points, path, "float32", (None, 5), limits.lidar_points)
    if len(points):
        _check_range(points[:, :3], f"{path}[:, :3]", "metres", -FARTHEST_IN_EGO_M, FARTHEST_IN_EGO_M)
        _check_range(points[:, 3], f"{path}[:, 3]", "intensities", 0.0, _BRIGHTEST)
        _check_range(points[:, 4], f"{path}[:, 4]", "ages in seconds", 0.0, _OLDEST_SWEEP_S)
    return points


def _check_range(values: NDArray[np.float32], field: str, what: str, lowest: float, highest: float) -> None:
    least, most = float(values.min()), float(values.max())
    if least < lowest or most > highest:
        raise InvalidField(field, f"{what} from {lowest:g} to {highest:g}", f"values from {least:g} to {most:g}")
