"""Smooth pseudo-random patterns that depend on position and seed only."""

import numpy as np
from numpy.typing import NDArray


def value_noise(points: NDArray[np.floating], seed: int = 0) -> NDArray[np.float64]:
    """Bilinear value noise in 0..1 with cells of size 1, at points [N, 2]."""
    cell = np.floor(points).astype(np.int64)
    fraction = points - cell
    weight = fraction * fraction * (3.0 - 2.0 * fraction)
    x, y = cell[:, 0], cell[:, 1]
    bottom = _mix(_hash(x, y, seed), _hash(x + 1, y, seed), weight[:, 0])
    top = _mix(_hash(x, y + 1, seed), _hash(x + 1, y + 1, seed), weight[:, 0])
    return _mix(bottom, top, weight[:, 1])


def fractal_noise(points: NDArray[np.floating], octaves: int, seed: int = 0) -> NDArray[np.float64]:
    """Value noise summed over octaves of doubling frequency and halving weight, in 0..1."""
    total = np.zeros(len(points))
    for octave in range(octaves):
        total += 0.5**octave * value_noise(points * 2.0**octave, seed + octave)
    return total / (2.0 - 0.5 ** (octaves - 1))


def _mix(a: NDArray[np.float64], b: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    return a + (b - a) * weight


def _hash(x: NDArray[np.int64], y: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """A number in 0..1 per lattice point: the finaliser of MurmurHash3 over the mixed coordinates."""
    key = (x * 374761393 + y * 668265263 + seed * 974634541) & 0xFFFFFFFF
    key = ((key ^ (key >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    key = ((key ^ (key >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    return ((key ^ (key >> 16)) & 0xFFFFFF) / float(0xFFFFFF)
