"""How the head's numbers ride on logits, and back."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llm_service.modeling.special_tokens import NUMBERS_PER_WAYPOINT

CHANNEL_OFFSET = 1024.0
"""Subtracted from each number, so that its token is never sampled; float32 keeps the number to 6e-5 (2**-14)."""


def numbers_from_logits(logits: Sequence[float]) -> NDArray[np.float64]:
    """Logits of the channel ids in order -> the head's numbers [T, 3]."""
    return np.asarray(logits, np.float64).reshape(-1, NUMBERS_PER_WAYPOINT) + CHANNEL_OFFSET
