"""The ground's colours on a grid, with coarser levels for what is far away."""

import numpy as np
from numpy.typing import NDArray

_LEVELS = 6


class GroundTexture:
    """A `GroundPaint` that looks colours up; beyond its edge, the edge goes on.

    Args:
        texels: uint8 [H, W, 4], row along y, column along x: linear RGB albedo and laser reflectivity, 255 is 1.
        origin_m: x, y of the outer corner of texel (0, 0).
        texel_m: Side of a texel.
    """

    def __init__(self, texels: NDArray[np.uint8], origin_m: tuple[float, float], texel_m: float) -> None:
        self._levels = [texels]
        while len(self._levels) < _LEVELS and min(self._levels[-1].shape[:2]) >= 2:
            self._levels.append(_halved(self._levels[-1]))
        self._origin_m, self._texel_m = np.array(origin_m), texel_m

    def paint(
        self, points_m: NDArray[np.float64], blur_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """See `GroundPaint.paint`."""
        texels = (points_m[:, :2] - self._origin_m) / self._texel_m
        coarseness = np.log2(np.maximum(blur_m, 1e-3) / self._texel_m)
        level = np.clip(np.rint(coarseness), 0, len(self._levels) - 1).astype(np.int64)
        found = np.empty((len(points_m), 4))
        for number in np.unique(level):
            chosen = level == number
            grid = self._levels[number]
            column, row = np.floor(texels[chosen] / 2.0**number).astype(np.int64).T
            found[chosen] = grid[np.clip(row, 0, grid.shape[0] - 1), np.clip(column, 0, grid.shape[1] - 1)]
        found /= 255.0
        return found[:, :3], found[:, 3]


def _halved(texels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every 2 x 2 texels averaged; an odd last row or column is dropped."""
    height, width = texels.shape[0] // 2, texels.shape[1] // 2
    quads = texels[: 2 * height, : 2 * width].astype(np.uint16)
    total = quads[::2, ::2] + quads[1::2, ::2] + quads[::2, 1::2] + quads[1::2, 1::2]
    return (total // 4).astype(np.uint8)
