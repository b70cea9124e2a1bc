"""The order in which a run draws its samples."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

from training.loading.examples import CorrectionExamples
from training.loading.keyframe_order import spread_order


class KeyframeSampler(Sampler[int]):
    """Samples of an optimizer step come from different key frames where they can; see `spread_order`.

    It has no state: the order follows from seed and epoch alone, the same on every rank and after a resume.

    Args:
        examples: Which also tell the epoch.
        step_samples: Samples of an optimizer step on all ranks.
        seed: Of the order.
    """

    def __init__(self, examples: CorrectionExamples, step_samples: int, seed: int) -> None:
        self._examples, self._step_samples, self._seed = examples, step_samples, seed

    def __len__(self) -> int:
        return len(self._examples)

    def __iter__(self) -> Iterator[int]:
        generator = np.random.default_rng([self._seed, self._examples.epoch])
        return iter(spread_order(self._examples.keyframes, self._step_samples, generator).tolist())
