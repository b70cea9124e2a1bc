"""How far the model is ahead of a control, and how sure that is.

Cases of one scene are alike, so that a mean over cases is surer than it looks. The interval is of the percentile
bootstrap over scenes (Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979; Field and Welsh, "Bootstrapping
clustered data", 2007): scenes are drawn with replacement, each with all of its cases. With a handful of scenes it is
rough, and rather too narrow.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_DRAWS = 2000
_SEED = 0
_INTERVAL = (2.5, 97.5)


def lead_summary(
    model_m: Mapping[str, NDArray[np.float64]], control_m: Mapping[str, NDArray[np.float64]], scenes: Sequence[str]
) -> dict[str, float | int | None]:
    """Mean of control minus model, above 0 where the model is better, and its 95 % interval; None with one scene.

    Args:
        model_m, control_m: Errors [N] by the name of their measure, metres.
        scenes: Of the N cases.
    """
    names, scene_of = np.unique(np.array(scenes), return_inverse=True)
    weights = np.random.default_rng(_SEED).multinomial(len(names), [1 / len(names)] * len(names), size=_DRAWS)
    summary: dict[str, float | int | None] = {"scenes": len(names)}
    for name, error_m in model_m.items():
        lead_m = control_m[name] - error_m
        summary[f"{name}_m"] = float(lead_m.mean())
        low, high = _interval(lead_m, scene_of, weights) if len(names) > 1 else (None, None)
        summary |= {f"{name}_low_m": low, f"{name}_high_m": high}
    return summary


def _interval(
    lead_m: NDArray[np.float64], scene_of: NDArray[np.intp], weights: NDArray[np.int64]
) -> tuple[float, float]:
    """Of the mean over cases, with each scene's cases counted `weights` [draws, scenes] times."""
    sums, counts = np.bincount(scene_of, lead_m), np.bincount(scene_of)
    low, high = np.percentile((weights @ sums) / (weights @ counts), _INTERVAL)
    return float(low), float(high)
