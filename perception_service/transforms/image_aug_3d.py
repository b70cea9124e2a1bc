"""Resizing, cropping, mirroring and turning of camera images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet3d.registry import TRANSFORMS
from PIL import Image

from perception_service.transforms.image_augmentation import ImageAugmentation
from waymend.errors import InvalidField


@TRANSFORMS.register_module()
class ImageAug3D(BaseTransform):
    """Gives every camera image the network's size, at random in training and by a fixed rule otherwise.

    Reads `img`, a list of [H, W, 3] with values 0..255, each changed on its own. Writes `img`, a list of float32
    [*final_dim, 3], and `img_aug_matrix`, a list of float32 [4, 4] (see `ImageAugmentation.matrix`).

    Args:
        final_dim: Height and width of the results.
        resize_lim: Least and greatest scale; their mean outside training.
        bot_pct_lim: Least and greatest share of the scaled height that is cut off below; their mean outside training.
        rot_lim: Least and greatest turn, degrees; only in training.
        rand_flip: Whether every second image is mirrored in training.
        is_train: Whether to draw at random; outside training the window is centred.

    Raises:
        InvalidField: A `..._lim` is no pair of rising numbers.
    """

    def __init__(
        self,
        final_dim: Sequence[int],
        resize_lim: Sequence[float],
        bot_pct_lim: Sequence[float],
        rot_lim: Sequence[float],
        rand_flip: bool,
        is_train: bool,
    ) -> None:
        self.final_dim = final_dim
        self.resize_lim = _limits("resize_lim", resize_lim)
        self.bot_pct_lim = _limits("bot_pct_lim", bot_pct_lim)
        self.rot_lim = _limits("rot_lim", rot_lim)
        self.rand_flip = rand_flip
        self.is_train = is_train

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        images, matrices = [], []
        for image in results["img"]:
            augmentation = self.augmentation_for(*image.shape[:2])
            changed = augmentation.apply(Image.fromarray(image.astype(np.uint8)))
            images.append(np.asarray(changed, np.float32))
            matrices.append(augmentation.matrix.astype(np.float32))
        results["img"] = images
        results["img_aug_matrix"] = matrices
        return results

    def augmentation_for(self, height: int, width: int) -> ImageAugmentation:
        """For one image: random in training, else the same for every image of this size."""
        return self._random(height, width) if self.is_train else self._fixed(height, width)

    def _random(self, height: int, width: int) -> ImageAugmentation:
        out_height, out_width = self.final_dim
        scale = np.random.uniform(*self.resize_lim)
        resized_width, resized_height = int(width * scale), int(height * scale)
        top = int((1 - np.random.uniform(*self.bot_pct_lim)) * resized_height) - out_height
        left = int(np.random.uniform(0, max(0, resized_width - out_width)))
        flipped = bool(self.rand_flip and np.random.choice([0, 1]))
        return ImageAugmentation(
            scale=scale,
            resized_size=(resized_width, resized_height),
            corner=(left, top),
            window_size=(out_width, out_height),
            flipped=flipped,
            rotation_deg=np.random.uniform(*self.rot_lim),
        )

    def _fixed(self, height: int, width: int) -> ImageAugmentation:
        out_height, out_width = self.final_dim
        scale = float(np.mean(self.resize_lim))
        resized_width, resized_height = int(width * scale), int(height * scale)
        bottom = int((1 - float(np.mean(self.bot_pct_lim))) * resized_height)
        return ImageAugmentation.centred(scale, (resized_width, resized_height), (out_width, out_height), bottom)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(final_dim={self.final_dim}, is_train={self.is_train})"


def _limits(name: str, values: Sequence[float]) -> tuple[float, float]:
    if len(values) != 2 or not values[0] <= values[1]:
        raise InvalidField(name, "the least and the greatest value", values)
    return values[0], values[1]
