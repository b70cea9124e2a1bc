"""Batches of key frames in a random order that follows from the seed, read ahead by processes."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import DataLoader, Dataset

from training.perceiving.training_batch import TrainingBatch, joined
from waymend.errors import InvalidField

_READ_AHEAD = 3


def shuffled_batches(
    frames: int, batch_size: int, seed: int, first_step: int = 0, steps: int | None = None
) -> Iterator[list[int]]:
    """Indices of the key frames of each step, from `first_step` on; epoch after epoch, each in an order of its own.

    Args:
        frames: Key frames there are; an epoch leaves out the rest that fills no batch.
        batch_size: Key frames per step.
        seed: Of the orders.
        first_step: Steps to pass over.
        steps: All steps of the run; None for no end.

    Raises:
        InvalidField: There are fewer key frames than a batch holds.
    """
    per_epoch = frames // batch_size
    if per_epoch == 0:
        raise InvalidField("batch_size", f"at most {frames}, the key frames there are", batch_size)
    step = first_step
    while steps is None or step < steps:
        epoch, place = divmod(step, per_epoch)
        order = np.random.default_rng((seed, epoch)).permutation(frames)
        while place < per_epoch and (steps is None or step < steps):
            yield order[place * batch_size : (place + 1) * batch_size].tolist()
            place, step = place + 1, step + 1


class _Chosen:
    """A batch sampler of indices that are known already."""

    def __init__(self, batches: Iterator[list[int]]) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[list[int]]:
        return self._batches


def batches(frames: Dataset[TrainingBatch], indices: Iterator[list[int]], workers: int) -> Iterator[TrainingBatch]:
    """The batches of `indices`, in order, whatever the number of processes that read them."""
    ahead = {"prefetch_factor": _READ_AHEAD, "multiprocessing_context": "fork"} if workers else {}
    return iter(
        DataLoader(frames, batch_sampler=_Chosen(indices), collate_fn=joined, num_workers=workers, **ahead)  # ty: ignore[invalid-argument-type]
    )
