"""The trainer's order of samples."""

import numpy as np
import pytest

from training.running.keyframe_sampler import KeyframeSampler


class Examples:
    """Three proposals in each of eight key frames."""

    keyframes = np.repeat(np.arange(8), 3)
    epoch = 0

    def __len__(self) -> int:
        return 24


@pytest.fixture
def examples() -> Examples:
    return Examples()


def test_an_epoch_has_its_own_order_and_has_it_again(examples):
    sampler = KeyframeSampler(examples, 4, seed=1)
    first = list(sampler)
    assert sorted(first) == list(range(24))
    assert list(sampler) == first == list(KeyframeSampler(examples, 4, seed=1))
    assert list(KeyframeSampler(examples, 4, seed=2)) != first
    examples.epoch = 1
    assert sorted(sampler) == sorted(first)
    assert list(sampler) != first


def test_a_step_draws_different_key_frames(examples):
    keyframes = examples.keyframes[list(KeyframeSampler(examples, 4, seed=1))].reshape(6, 4)
    assert all(len(set(step.tolist())) == 4 for step in keyframes)


def test_it_is_as_long_as_the_examples(examples):
    assert len(KeyframeSampler(examples, 4, seed=1)) == 24
