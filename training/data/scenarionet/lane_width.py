"""How far a lane reaches to either side of its centreline, where the source gives no outline."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from training.data.scenarionet.record import Record
from waymend.errors import InvalidField

HALF_WIDTH_M = 1.75
"""Of a lane that the source says nothing about."""

_LEAST_M, _MOST_M = 1.2, 3.0
_SMOOTHED_POINTS = 11


def half_widths_m(lane: Record, points: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """To the left and to the right of each point of the centreline, float64 [N].

    ScenarioNet measures them from Waymo's lane boundaries, point by point along both lines: 0 where there is no
    boundary, and too much where the lines run out of step. So zeros take 1.75 m, and the rest is kept to 1.2..3 m and
    smoothed by a median.

    Raises:
        InvalidField: `width` is not [N, 2].
    """
    if "width" not in lane:
        return np.full(points, HALF_WIDTH_M), np.full(points, HALF_WIDTH_M)
    widths = lane.numbers("width")
    if widths.shape != (points, 2):
        raise InvalidField(f"{lane.path}.width", f"shape [{points}, 2]", f"shape {list(widths.shape)}")
    known = np.isfinite(widths) & (widths > 0)
    widths = np.where(known, np.clip(widths, _LEAST_M, _MOST_M), HALF_WIDTH_M)
    smooth = median_filter(widths, size=(_SMOOTHED_POINTS, 1), mode="nearest")
    return smooth[:, 0], smooth[:, 1]
