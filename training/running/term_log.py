"""The loss's terms between two log lines."""

from collections import Counter
from collections.abc import Mapping

import torch
from torch import Tensor, distributed

from training.modeling.losses import LOSS_NAMES


class TermLog:
    """Adds up terms on the device where they are, without waiting for it."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._steps: Counter[str] = Counter()
        self._in_this_step: set[str] = set()

    def step(self) -> None:
        """Begins an optimizer step."""
        self._in_this_step.clear()

    def add(self, terms: Mapping[str, Tensor]) -> None:
        """Adds parts of terms, as `StepWindow.terms` gives them."""
        self._steps.update(terms.keys() - self._in_this_step)
        self._in_this_step |= terms.keys()
        for name, term in terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + term.detach().float()

    def drain(self) -> dict[str, float]:
        """`loss_<term>` since the last call, over all ranks, in the order of `LOSS_NAMES`; every rank must call it.

        Each is a mean over the optimizer steps that had the term, and absent where none had. So the weighted sum is
        the logged loss, unless a step in between lacked a contrastive term for want of samples.
        """
        names = [name for name in LOSS_NAMES if name in self._sums]
        if not names:
            return {}
        values = torch.stack([self._sums[name] / self._steps[name] for name in names])
        if distributed.is_initialized():
            distributed.all_reduce(values)
            values /= distributed.get_world_size()
        self._sums.clear()
        self._steps.clear()
        return {f"loss_{name}": value for name, value in zip(names, values.tolist(), strict=True)}
