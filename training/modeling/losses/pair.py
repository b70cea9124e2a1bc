"""A contrastive loss is a pair of things that belong together in a sample."""

from typing import NamedTuple


class ContrastivePair(NamedTuple):
    """Name of the loss and of the two vectors that it compares."""

    name: str
    first: str
    second: str
