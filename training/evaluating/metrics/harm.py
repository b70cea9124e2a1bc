"""Whether good inputs are left alone.

An input is good where its L2 by formula A, averaged over 1, 2 and 3 s, is at most 0.3 m; it is harmed where the
answer's is larger by more than 0.1 m. harm_rate = harmed / good, and do_no_harm_rate = 1 - harm_rate.
"""

import numpy as np
from numpy.typing import NDArray

GOOD_WITHIN_M = 0.3
HARM_BEYOND_M = 0.1


def harm_summary(before_m: NDArray[np.float64], after_m: NDArray[np.float64]) -> dict[str, float | int | None]:
    """From formula A's averages [N] of inputs and answers; rates are None where no input is good."""
    good = before_m <= GOOD_WITHIN_M
    harmed = good & (after_m - before_m > HARM_BEYOND_M)
    rate = float(harmed.sum() / good.sum()) if good.any() else None
    return {
        "good_inputs": int(good.sum()),
        "harm_rate": rate,
        "do_no_harm_rate": None if rate is None else 1.0 - rate,
    }
