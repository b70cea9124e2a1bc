"""How far a correction is trusted: by as much as it stands out of its own uncertainty."""

import numpy as np
from numpy.typing import NDArray

UNSURE = "the model is not sure of any correction"


def certainty(offset_m: NDArray[np.floating], scale_m: NDArray[np.floating]) -> float:
    """Mean over waypoints of |offset| / scale, of offsets [T, 2] and Laplace scales [T], metres."""
    return float((np.hypot(*np.asarray(offset_m, np.float64).T) / scale_m).mean())


def cautious(offset_m: NDArray[np.floating], scale_m: NDArray[np.floating], caution: float) -> NDArray[np.float64]:
    """The offset times max(0, 1 - (caution / certainty)^2); all zeros leave the proposal alone.

    An offset within the model's own uncertainty makes a good proposal worse about as often as better. The positive part
    of James and Stein's estimator ("Estimation with quadratic loss", Berkeley Symposium, 1961) takes it away and hardly
    touches one that is far beyond it.
    """
    offset = np.array(offset_m, np.float64)
    found = certainty(offset, scale_m)
    return offset * max(0.0, 1.0 - (caution / found) ** 2) if found > 0 else np.where(np.isfinite(offset), 0.0, offset)
