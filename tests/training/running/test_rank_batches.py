"""Evaluation samples over ranks."""

import pytest

from training.running.rank_batches import rank_batches


@pytest.mark.parametrize(("samples", "batch_size", "ranks"), [(1, 1, 1), (7, 2, 3), (5, 1, 2), (9, 2, 4), (1, 4, 3)])
def test_every_sample_is_in_one_batch_and_ranks_have_equally_many(samples, batch_size, ranks):
    all_ranks = [rank_batches(range(samples), batch_size, rank, ranks) for rank in range(ranks)]
    counted = [batch for own in all_ranks for batch in (own.batches[:-1] if own.filler else own.batches)]
    assert sorted(index for batch in counted for index in batch) == list(range(samples))
    assert len({len(own.batches) for own in all_ranks}) == 1
    assert all(0 < len(batch) <= batch_size for own in all_ranks for batch in own.batches)


def test_a_rank_with_a_batch_less_takes_a_filler():
    assert rank_batches([7, 8, 9], 1, 0, 2).batches == [[7], [9]]
    second = rank_batches([7, 8, 9], 1, 1, 2)
    assert (second.batches, second.filler) == ([[8], [7]], True)
