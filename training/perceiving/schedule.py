"""The learning rate over a run."""

import math

_WARM_UP = 0.05
_FIRST, _LAST = 0.05, 0.01


def learning_rate_factor(progress: float) -> float:
    """Share of the highest learning rate at a share of the run, 0..1: a linear warm-up, then half a cosine.

    Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts.
    """
    if progress < _WARM_UP:
        return _FIRST + (1 - _FIRST) * progress / _WARM_UP
    angle = math.pi * (progress - _WARM_UP) / (1 - _WARM_UP)
    return _LAST + (1 - _LAST) * (1 + math.cos(angle)) / 2
