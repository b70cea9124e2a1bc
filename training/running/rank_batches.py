"""Which evaluation samples a rank takes."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RankBatches:
    """Attributes:
    batches: Indices of each batch; every rank has equally many batches.
    filler: Whether the last batch is there for that alone, and does not count.
    """

    batches: list[list[int]]
    filler: bool


def rank_batches(samples: Sequence[int], batch_size: int, rank: int, ranks: int) -> RankBatches:
    """Each of the samples in one batch of one rank, and a filler where a rank has a batch less.

    Args:
        samples: Indices for all ranks, at least one; the ranks' first batches hold the first of them, and so on.
        batch_size: Of one rank.
        rank, ranks: This one, of so many.
    """
    most = -(-len(samples) // ranks)
    own = list(samples[rank::ranks])
    batches = [own[start : start + batch_size] for start in range(0, len(own), batch_size)]
    filler = len(batches) < -(-most // batch_size)
    return RankBatches([*batches, [samples[0]]] if filler else batches, filler)
