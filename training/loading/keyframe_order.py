"""An order of samples in which those of one key frame are far apart."""

import numpy as np
from numpy.typing import NDArray


def spread_order(keyframes: NDArray[np.int64], window: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """A random order whose windows hold one sample of each key frame, where there are enough key frames.

    Samples are dealt to rounds, in each of which a key frame comes once at most; a round that begins within a window
    begins with the key frames that the window lacks.

    Args:
        keyframes: Of each sample, int64 [N].
        window: Samples that should differ, those of an optimizer step; the first window begins at the first sample.
        generator: Of the order.

    Returns:
        Indices of samples, int64 [N], each once.
    """
    rounds = _rounds(keyframes, generator)
    order = np.empty(0, np.int64)
    for number in range(int(rounds.max(initial=-1)) + 1):
        shuffled = generator.permutation(np.flatnonzero(rounds == number))
        begun = order[len(order) - len(order) % window :]
        seen = np.isin(keyframes[shuffled], keyframes[begun])
        order = np.concatenate([order, shuffled[~seen], shuffled[seen]])
    return order


def _rounds(keyframes: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.int64]:
    """The round of each sample: of as many as the largest key frame has samples, each key frame takes some."""
    _, index, counts = np.unique(keyframes, return_inverse=True, return_counts=True)
    largest = int(counts.max(initial=0))
    rounds = np.empty(len(keyframes), np.int64)
    by_keyframe = np.split(np.argsort(index, kind="stable"), np.cumsum(counts)[:-1])
    for samples in by_keyframe:
        rounds[samples] = generator.permutation(largest)[: len(samples)]
    return rounds
