"""Which evaluation samples a rank takes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RankBatches:
    """Attributes:
    batches: Indices of each batch; every rank has equally many batches.
    filler: Whether the last batch is there for that alone, and does not count.
    """

    batches: list[list[int]]
    filler: bool


def rank_batches(samples: int, batch_size: int, rank: int, ranks: int) -> RankBatches:
    """Each of so many samples (at least one) in one batch of one rank, and a filler where a rank has a batch less.

    Args:
        samples: Over all ranks.
        batch_size: Of one rank.
        rank, ranks: This one, of so many.
    """
    most = -(-samples // ranks)
    own = list(range(rank, samples, ranks))
    batches = [own[start : start + batch_size] for start in range(0, len(own), batch_size)]
    filler = len(batches) < -(-most // batch_size)
    return RankBatches([*batches, [0]] if filler else batches, filler)
