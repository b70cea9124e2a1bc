"""What becomes of sweeps when they are merged, as mmdet3d's `LoadPointsFromMultiSweeps` does it for BEVFusion."""

import numpy as np
from numpy.typing import NDArray

_CLOSE_RADIUS_M = 1.0


def without_close(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points of an earlier sweep [N, 5] in its own LiDAR frame without those on the vehicle: |x| and |y| below 1 m.

    Those would lie where the vehicle is no longer. The key sweep keeps its own.
    """
    return points[~(np.abs(points[:, :2]) < _CLOSE_RADIUS_M).all(axis=1)]


def repeated_key_sweep(key_points: NDArray[np.float32], sweeps: int) -> NDArray[np.float32]:
    """A key sweep [N, 5] without predecessors as a cloud of `sweeps` sweeps: `pad_empty_sweeps` of mmdet3d."""
    return np.concatenate([key_points, *[without_close(key_points)] * (sweeps - 1)])
