"""Smooth perturbations of the truth whose sizes are those of real planners."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.samples.truth_path import DrivenPath, beside_path

_TIMES_S = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
_TAIL_SHAPE = 2.0
"""Of the gamma distribution of the squared size of a plan's errors: a kurtosis of 4.5, where Gaussian errors have 3."""

_STEEPEST = 0.5
_JITTER = 1e-9


@dataclass(frozen=True, slots=True)
class PlannerErrors:
    """How a planner errs.

    Attributes:
        along_m, across_m: Root mean square errors at 0, 0.5 .. 3 s, along and across the driven path.
        correlation_s: Over which time errors are alike.
        jitter_m: Standard deviation of what each waypoint errs by itself, along and across.
    """

    along_m: tuple[float, ...]
    across_m: tuple[float, ...]
    correlation_s: float = 1.5
    jitter_m: float = 0.0


GOOD_PLANNER = PlannerErrors(
    along_m=(0.0, 0.13, 0.31, 0.61, 1.08, 1.76, 2.59), across_m=(0.0, 0.10, 0.12, 0.22, 0.38, 0.61, 0.88)
)
OLDER_PLANNER = PlannerErrors(
    along_m=(0.0, 0.86, 1.7, 2.3, 3.0, 3.9, 5.0), across_m=(0.0, 0.17, 0.33, 0.49, 0.71, 0.93, 1.14)
)
"""Measured: a good planner of today, and one of some years ago."""


_SMALLEST_SHARE, _GREATEST_SHARE = 0.25, 1.3
_ACROSS_SPREAD = 0.4
_CORRELATIONS_S = (0.6, 3.5)
_JITTERY, _MOST_JITTER_M = 0.3, 0.08


def varied_errors(random: np.random.Generator) -> PlannerErrors:
    """A planner drawn from a wide family, so that a corrector learns none by heart.

    Between the good and the older one in logarithms, 0.25 to 1.3 times that, errors across by themselves a half more or
    less, alike over 0.6 to 3.5 s; three in ten are jittery.
    """
    between = random.uniform()
    share = np.exp(random.uniform(np.log(_SMALLEST_SHARE), np.log(_GREATEST_SHARE)))
    wide = np.exp(random.normal(0.0, _ACROSS_SPREAD))
    return PlannerErrors(
        along_m=_between(GOOD_PLANNER.along_m, OLDER_PLANNER.along_m, between, share),
        across_m=_between(GOOD_PLANNER.across_m, OLDER_PLANNER.across_m, between, share * wide),
        correlation_s=float(random.uniform(*_CORRELATIONS_S)),
        jitter_m=float(random.uniform(0.0, _MOST_JITTER_M)) if random.random() < _JITTERY else 0.0,
    )


def perturbed(driven: DrivenPath, errors: PlannerErrors, random: np.random.Generator) -> NDArray[np.float64]:
    """The truth as such a planner would have planned it: [T, 2], ego frame.

    Errors are a Gaussian process over time with squared-exponential correlation, times one size per plan that makes
    good and bad plans; their rms at each time is the planner's, for a truth that is fast enough. No plan drives
    backwards: the sign of the error along the path is turned where progress would fall, and what still falls stands; so
    at walking pace errors lead ahead more often than back. Nor sideways: the error across is at most half the progress.
    """
    factor = _correlated(driven.times_s, errors.correlation_s)
    size = np.sqrt(random.gamma(_TAIL_SHAPE, 1.0 / _TAIL_SHAPE))
    along, across = size * (factor @ random.standard_normal((len(driven.times_s), 2))).T
    along_m = along * rms_at(errors.along_m, driven.times_s)
    across_m = across * rms_at(errors.across_m, driven.times_s)
    if errors.jitter_m:
        along_m, across_m = np.stack([along_m, across_m]) + random.normal(0.0, errors.jitter_m, (2, len(along_m)))
    progress = _forwards(driven.progress_m, along_m)
    left = np.clip(across_m, -_STEEPEST * progress, _STEEPEST * progress)
    return beside_path(driven.path_m, progress, left) + driven.residual_m


def rms_at(table_m: tuple[float, ...], times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """A table's errors [T] at times; between its times linear, beyond 3 s growing as it last did."""
    growth = (table_m[-1] - table_m[-2]) / (_TIMES_S[-1] - _TIMES_S[-2])
    return np.interp(times_s, _TIMES_S, table_m) + growth * np.maximum(times_s - _TIMES_S[-1], 0.0)


def _between(low_m: tuple[float, ...], high_m: tuple[float, ...], between: float, share: float) -> tuple[float, ...]:
    """Geometric means of two tables, times a share."""
    return tuple(share * low ** (1 - between) * high**between for low, high in zip(low_m, high_m, strict=True))


def _correlated(times_s: NDArray[np.float64], correlation_s: float) -> NDArray[np.float64]:
    """Lower triangle [T, T] that gives independent numbers of unit variance their correlation over time."""
    apart = (times_s[:, None] - times_s) / correlation_s
    return np.linalg.cholesky(np.exp(-(apart**2) / 2) + _JITTER * np.eye(len(times_s)))


def _forwards(progress_m: NDArray[np.float64], error_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Progress with its error, of the sign that drives back less, and never falling."""
    ahead, back = progress_m + error_m, progress_m - error_m
    chosen = ahead if _driven_back(ahead) <= _driven_back(back) else back
    return np.maximum.accumulate(np.maximum(chosen, 0.0))


def _driven_back(progress_m: NDArray[np.float64]) -> float:
    return float(-np.minimum(np.diff(progress_m, prepend=0.0), 0.0).sum())
