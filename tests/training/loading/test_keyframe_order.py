"""The order of samples: each once, those of a key frame in different steps."""

import numpy as np
import pytest

from training.loading.keyframe_order import spread_order


def order_of(keyframes, window, seed=0) -> np.ndarray:
    return spread_order(np.array(keyframes), window, np.random.default_rng(seed))


def repeats(keyframes, window, seed=0) -> int:
    """Samples whose key frame has come in the same window before."""
    ordered = np.array(keyframes)[order_of(keyframes, window, seed)]
    windows = [ordered[start : start + window] for start in range(0, len(ordered), window)]
    return sum(len(part) - len(set(part.tolist())) for part in windows)


@pytest.mark.parametrize("keyframes", [[], [3], [0, 0, 0], [0, 1, 1, 2, 2, 2], list(range(20)) * 3])
def test_every_sample_comes_once(keyframes):
    assert sorted(order_of(keyframes, 4).tolist()) == list(range(len(keyframes)))


def test_windows_of_half_as_many_samples_as_there_are_key_frames_never_repeat_one():
    keyframes = np.repeat(np.arange(20), 9)
    assert [repeats(keyframes, 10, seed) for seed in range(20)] == [0] * 20
    at_random = keyframes[np.random.default_rng(0).permutation(180)].reshape(-1, 10)
    assert all(len(set(window.tolist())) < 10 for window in at_random[:3])


def test_windows_repeat_no_more_key_frames_than_they_must():
    assert repeats(np.repeat([0, 1, 2], 4), 4) == 3
    assert repeats(np.repeat(np.arange(6), 5), 6) == 0


def test_key_frames_with_fewer_samples_come_anywhere_in_the_epoch():
    keyframes = np.concatenate([np.repeat(np.arange(10), 8), np.arange(10, 20)])
    places = [np.flatnonzero(keyframes[order_of(keyframes, 4, seed)] >= 10) for seed in range(30)]
    assert 35 < np.concatenate(places).mean() < 55


def test_the_order_follows_from_the_seed():
    keyframes = np.repeat(np.arange(6), 3)
    assert (
        order_of(keyframes, 3, 1).tolist() == order_of(keyframes, 3, 1).tolist() != order_of(keyframes, 3, 2).tolist()
    )
