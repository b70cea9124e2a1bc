"""Smooth perturbations of the truth whose sizes are those of real planners."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.samples.truth_path import DrivenPath, beside_path

_TIMES_S = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
_CORRELATION_S = 1.5
_TAIL_SHAPE = 2.0
"""Of the gamma distribution of the squared size of a plan's errors: a kurtosis of 4.5, where Gaussian errors have 3."""

_STEEPEST = 0.5
_JITTER = 1e-9


@dataclass(frozen=True, slots=True)
class PlannerErrors:
    """Root mean square errors of a planner, metres, at 0, 0.5 .. 3 s: along and across the driven path."""

    along_m: tuple[float, ...]
    across_m: tuple[float, ...]


GOOD_PLANNER = PlannerErrors(
    along_m=(0.0, 0.13, 0.31, 0.61, 1.08, 1.76, 2.59), across_m=(0.0, 0.10, 0.12, 0.22, 0.38, 0.61, 0.88)
)
OLDER_PLANNER = PlannerErrors(
    along_m=(0.0, 0.86, 1.7, 2.3, 3.0, 3.9, 5.0), across_m=(0.0, 0.17, 0.33, 0.49, 0.71, 0.93, 1.14)
)
"""Measured: a good planner of today, and one of some years ago."""


def perturbed(driven: DrivenPath, errors: PlannerErrors, random: np.random.Generator) -> NDArray[np.float64]:
    """The truth as such a planner would have planned it: [T, 2], ego frame.

    Errors are a Gaussian process over time with squared-exponential correlation of 1.5 s, times one size per plan that
    makes good and bad plans; their rms at each time is the planner's, for a truth that is fast enough. No plan drives
    backwards: the sign of the error along the path is turned where progress would fall, and what still falls stands; so
    at walking pace errors lead ahead more often than back. Nor sideways: the error across is at most half the progress.
    """
    factor = _correlated(driven.times_s)
    size = np.sqrt(random.gamma(_TAIL_SHAPE, 1.0 / _TAIL_SHAPE))
    along, across = size * (factor @ random.standard_normal((len(driven.times_s), 2))).T
    progress = _forwards(driven.progress_m, along * rms_at(errors.along_m, driven.times_s))
    left = np.clip(across * rms_at(errors.across_m, driven.times_s), -_STEEPEST * progress, _STEEPEST * progress)
    return beside_path(driven.path_m, progress, left) + driven.residual_m


def rms_at(table_m: tuple[float, ...], times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """A table's errors [T] at times; between its times linear, beyond 3 s growing as it last did."""
    growth = (table_m[-1] - table_m[-2]) / (_TIMES_S[-1] - _TIMES_S[-2])
    return np.interp(times_s, _TIMES_S, table_m) + growth * np.maximum(times_s - _TIMES_S[-1], 0.0)


def _correlated(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower triangle [T, T] that gives independent numbers of unit variance their correlation over time."""
    apart = (times_s[:, None] - times_s) / _CORRELATION_S
    return np.linalg.cholesky(np.exp(-(apart**2) / 2) + _JITTER * np.eye(len(times_s)))


def _forwards(progress_m: NDArray[np.float64], error_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Progress with its error, of the sign that drives back less, and never falling."""
    ahead, back = progress_m + error_m, progress_m - error_m
    chosen = ahead if _driven_back(ahead) <= _driven_back(back) else back
    return np.maximum.accumulate(np.maximum(chosen, 0.0))


def _driven_back(progress_m: NDArray[np.float64]) -> float:
    return float(-np.minimum(np.diff(progress_m, prepend=0.0), 0.0).sum())
