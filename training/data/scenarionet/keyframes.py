"""Moments that become samples."""

import numpy as np
from numpy.typing import NDArray

INTERVAL_S = 0.5
_JITTER_S = 0.02


def keyframe_times(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every 0.5 s from the first step to the last, at the log's own steps where its clock allows.

    Args:
        times_s: Of the log's steps, float64 [T], rising from 0.

    Returns:
        float64 [F]: the step nearest to k * 0.5 s where it is within 20 ms, else k * 0.5 s itself.
    """
    grid = INTERVAL_S * np.arange(int((times_s[-1] + _JITTER_S) / INTERVAL_S) + 1)
    nearest = times_s[np.abs(times_s[None, :] - grid[:, None]).argmin(axis=1)]
    return np.where(np.abs(nearest - grid) <= _JITTER_S, nearest, grid)
