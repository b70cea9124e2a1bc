"""Which modalities an example shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from waymend.errors import InvalidField
from waymend.vocabulary import MODALITIES

_STREAM = 1
"""Keeps its draws apart from others of the same seed, epoch and index, such as `FurtherPlans` makes."""


@dataclass(frozen=True, slots=True)
class ModalityChoice:
    """Enabled modalities, some of which are left out at random, so that a model learns to do without.

    It has no state: what is left out follows from seed, epoch and index alone, in whatever process and order.

    Attributes:
        enabled: In the order of `waymend.vocabulary.MODALITIES` (image, bev, vector).
        dropout: Probability with which each is left out; one enabled modality always stays.
        seed: Of the draws.
    """

    enabled: tuple[bool, bool, bool] = (True, True, True)
    dropout: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.enabled) != len(MODALITIES):
            raise InvalidField("enabled", f"a value for each of {', '.join(MODALITIES)}", self.enabled)
        if not 0 <= self.dropout < 1:
            raise InvalidField("modality_dropout", "a probability below 1", self.dropout)
        if self.seed < 0:
            raise InvalidField("seed", "at least 0", self.seed)

    def present(self, epoch: int, index: int) -> NDArray[np.bool_]:
        """bool [3] of one example; where all enabled ones would be left out, the one with the highest draw stays."""
        enabled = np.array(self.enabled, bool)
        if self.dropout == 0.0:
            return enabled
        random = np.random.default_rng([self.seed, epoch, index, _STREAM])
        draws = np.where(enabled, random.random(len(MODALITIES)), -1.0)
        kept = enabled & (draws >= self.dropout)
        if enabled.any() and not kept.any():
            kept[draws.argmax()] = True
        return kept
