"""A loss before it is divided: sums of micro-batches and ranks add up, means do not."""

from typing import NamedTuple

from torch import Tensor


class LossSum(NamedTuple):
    """Sum of a loss over the things that it is a mean of, and how many there are.

    Attributes:
        total: float32 scalar with a gradient.
        count: int64 scalar: tokens or samples.
    """

    total: Tensor
    count: Tensor
