"""Which key frames come when."""

from itertools import chain, islice

import pytest
import torch

from training.perceiving.batches import batches, shuffled_batches
from waymend.errors import InvalidField


def test_an_epoch_shows_every_frame_once_and_the_next_in_another_order():
    steps = list(shuffled_batches(frames=9, batch_size=3, seed=1, steps=6))
    first, second = list(chain(*steps[:3])), list(chain(*steps[3:]))
    assert sorted(first) == sorted(second) == list(range(9))
    assert first != second


def test_order_follows_from_the_seed_alone():
    assert list(shuffled_batches(9, 2, 1, steps=8)) == list(shuffled_batches(9, 2, 1, steps=8))
    assert list(shuffled_batches(9, 2, 1, steps=8)) != list(shuffled_batches(9, 2, 2, steps=8))


def test_going_on_from_a_step_gives_what_would_have_come():
    whole = list(shuffled_batches(9, 2, seed=1, steps=11))
    assert list(shuffled_batches(9, 2, seed=1, first_step=5, steps=11)) == whole[5:]
    assert list(islice(shuffled_batches(9, 2, seed=1, first_step=5), 6)) == whole[5:]


def test_more_frames_in_a_batch_than_there_are_is_refused():
    with pytest.raises(InvalidField, match="batch_size: expected at most 3"):
        next(shuffled_batches(frames=3, batch_size=4, seed=1))


def test_a_process_that_reads_ahead_changes_nothing(frames):
    order = [[0, 2], [1, 0]]
    in_turn, ahead = (list(batches(frames, iter(order), workers)) for workers in (0, 1))
    assert len(in_turn) == len(ahead) == 2
    for one, other in zip(in_turn, ahead, strict=True):
        assert one.inputs.images.shape == (2, 6, 3, 128, 352)
        torch.testing.assert_close(one.inputs.images, other.inputs.images, rtol=0, atol=0)
        assert torch.equal(one.bev.wanted, other.bev.wanted)
        assert [boxes.labels.tolist() for boxes in one.boxes] == [boxes.labels.tolist() for boxes in other.boxes]
