"""Whether the scale that the model states is the scale of its errors.

Each coordinate's error e is modelled as Laplace with scale b, whose central interval of probability p is
|e| <= b * ln(1 / (1 - p)). Coverage is the share of errors within it; it should be p. The errors are those of the
model's own trajectory, before caution and verifier, since the scale belongs to that.
"""

import math

import numpy as np
from numpy.typing import NDArray

INTERVALS = (0.50, 0.80, 0.95)
COORDINATES = ("x", "y")


def calibration_summary(errors_m: NDArray[np.float64], scale_m: NDArray[np.float64]) -> dict[str, float | int | None]:
    """Coverage by interval and coordinate: `coverage_50_x`, `coverage_50_y`, `coverage_50` (both pooled), ...

    Args:
        errors_m: [N, T, 2] truth minus the model's trajectory.
        scale_m: [N, T] Laplace scales.
    """
    if not len(errors_m):
        return {"cases": 0}
    ratio = np.abs(errors_m) / scale_m[..., None]
    summary: dict[str, float | int | None] = {"cases": len(errors_m)}
    for interval in INTERVALS:
        inside = ratio <= half_width(interval)
        name = f"coverage_{round(100 * interval)}"
        summary[name] = float(inside.mean())
        summary |= {f"{name}_{axis}": float(inside[..., i].mean()) for i, axis in enumerate(COORDINATES)}
    return summary | {"mean_scale_m": float(scale_m.mean()), "mean_absolute_error_m": float(np.abs(errors_m).mean())}


def half_width(probability: float) -> float:
    """Half the width of the central interval of a Laplace distribution of scale 1."""
    return math.log(1.0 / (1.0 - probability))
