"""Random streams that depend on names alone, not on the order of work."""

import hashlib

import numpy as np

from waymend.errors import InvalidField


def stable_hash(text: str) -> int:
    """64 bits of SHA-256; equal in every process and on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def check_seed(seed: int) -> None:
    """Checks that a seed is one.

    Raises:
        InvalidField: It is negative.
    """
    if seed < 0:
        raise InvalidField("seed", "a number of at least 0", seed)


def stream(seed: int, *names: str) -> np.random.Generator:
    """A generator of its own for each seed and sequence of names.

    Raises:
        InvalidField: The seed is negative.
    """
    check_seed(seed)
    return np.random.default_rng([seed, *map(stable_hash, names)])
