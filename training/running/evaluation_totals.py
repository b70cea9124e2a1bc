"""Sums of an evaluation pass."""

from collections.abc import Mapping

import torch
from torch import Tensor, distributed

from training.modeling.losses import LOSS_NAMES
from training.modeling.losses.loss_sum import LossSum

_SUMMED = (*LOSS_NAMES, "l2_before_m", "l2_after_m")


class EvaluationTotals:
    """Adds up losses and distances of this rank's batches; float64."""

    def __init__(self) -> None:
        self._sums = {name: [0.0, 0.0] for name in _SUMMED}

    def add_losses(self, examples: Mapping[str, LossSum]) -> None:
        """Adds the sums of a batch."""
        for name, (total, count) in examples.items():
            self._add(name, float(total), float(count))

    def add_distances(self, offset_m: Tensor, predicted_m: Tensor | None) -> None:
        """Adds a batch's distances from the truth: before, |offset|, and after, |offset - predicted|, [B, T, 2]."""
        self._add_lengths("l2_before_m", offset_m)
        if predicted_m is not None:
            self._add_lengths("l2_after_m", offset_m - predicted_m)

    def add_alignment(self, terms: Mapping[str, Tensor], samples: int) -> None:
        """Adds the contrastive losses of a window, the same on all ranks, with this rank's samples as their weight."""
        for name, term in terms.items():
            self._add(name, samples * float(term), samples)

    def terms(self, device: torch.device) -> dict[str, float]:
        """All means, over all ranks; what was never added is absent. Every rank must call it."""
        sums = torch.tensor([self._sums[name] for name in _SUMMED], dtype=torch.float64, device=device)
        if distributed.is_initialized():
            distributed.all_reduce(sums)
        summed = dict(zip(_SUMMED, sums.tolist(), strict=True))
        return {name: total / count for name, (total, count) in summed.items() if count}

    def _add(self, name: str, total: float, count: float) -> None:
        self._sums[name][0] += total
        self._sums[name][1] += count

    def _add_lengths(self, name: str, vectors_m: Tensor) -> None:
        lengths_m = vectors_m.double().norm(dim=-1)
        self._add(name, float(lengths_m.sum()), lengths_m.numel())
