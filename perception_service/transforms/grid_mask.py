"""Blanking camera images with a grid."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet3d.registry import TRANSFORMS
from numpy.typing import NDArray
from PIL import Image

_MARGIN = 1.5
"""The mask is made this much larger than the image, so that it still fills it when turned."""


@TRANSFORMS.register_module()
class GridMask(BaseTransform):
    """Chen et al., "GridMask Data Augmentation", 2020: one grid of black bars for all images of a frame.

    Changes `img`, a list of [H, W, 3] of one size. Bars repeat every d pixels, d drawn from 2 to the shorter side.

    Args:
        use_h, use_w: Whether bars run along rows and along columns.
        max_epoch: Epoch at which the probability has risen to `prob`.
        rotate: The grid is turned by 0 to `rotate` - 1 whole degrees.
        offset: Whether noise from -1 to 1 replaces black.
        ratio: Share of d that a bar covers; 1 draws the width from 1 to d - 1.
        mode: 1 keeps what the bars cover and blanks the rest.
        prob: How often a frame is masked.
        fixed_prob: Whether the probability is `prob` from the start.
    """

    def __init__(
        self,
        use_h: bool,
        use_w: bool,
        max_epoch: int,
        rotate: int = 1,
        offset: bool = False,
        ratio: float = 0.5,
        mode: int = 0,
        prob: float = 1.0,
        fixed_prob: bool = False,
    ) -> None:
        self.use_h, self.use_w = use_h, use_w
        self.max_epoch = max_epoch
        self.rotate = rotate
        self.offset = offset
        self.ratio = ratio
        self.mode = mode
        self.final_prob = prob
        self.prob = prob
        self.fixed_prob = fixed_prob

    def set_epoch(self, epoch: int) -> None:
        """Sets the probability of this epoch, unless it is fixed."""
        if not self.fixed_prob:
            self.prob = self.final_prob * epoch / self.max_epoch

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        if np.random.rand() > self.prob:
            return results
        height, width = results["img"][0].shape[:2]
        mask = self._mask(height, width)[:, :, None]
        noise = np.zeros((height, width, 1), np.float32)
        if self.offset:
            noise = (2 * np.random.rand(height, width, 1) - 1).astype(np.float32) * (1 - mask)
        results["img"] = [image * mask + noise for image in results["img"]]
        return results

    def _mask(self, height: int, width: int) -> NDArray[np.float32]:
        """[height, width]: 1 where an image is kept and 0 where it is blanked."""
        large = np.ones((int(_MARGIN * height), int(_MARGIN * width)), np.uint8)
        period = np.random.randint(2, min(height, width))
        bar = self._bar_width(period)
        first_row, first_column = np.random.randint(period), np.random.randint(period)
        if self.use_h:
            large[_bars(large.shape[0], period, first_row, bar)] = 0
        if self.use_w:
            large[:, _bars(large.shape[1], period, first_column, bar)] = 0
        turned = np.asarray(Image.fromarray(large).rotate(np.random.randint(self.rotate)))
        top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
        mask = turned[top : top + height, left : left + width].astype(np.float32)
        return 1 - mask if self.mode == 1 else mask

    def _bar_width(self, period: int) -> int:
        if self.ratio == 1:
            return np.random.randint(1, period)
        return min(max(int(period * self.ratio + 0.5), 1), period - 1)


def _bars(length: int, period: int, first: int, bar: int) -> NDArray[np.bool_]:
    """[length]: whether a bar covers the place. There are as many bars as whole periods."""
    from_first = np.arange(length) - first
    return (from_first >= 0) & (from_first % period < bar) & (from_first < length // period * period)
