"""One change of a camera image, as pixels and as a matrix."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perception_service.transforms.partial_resize import resized_window


@dataclass(frozen=True, slots=True)
class ImageAugmentation:
    """Scales an image, cuts a window out of it, mirrors it and turns it, in that order.

    Attributes:
        scale: What pixel coordinates are multiplied by.
        resized_size: Width and height of the scaled image.
        corner: Left and top of the window in the scaled image; what lies outside the image becomes black.
        window_size: Width and height of the window.
        flipped: Whether left and right change places.
        rotation_deg: Counter-clockwise about the middle of the window.
    """

    scale: float
    resized_size: tuple[int, int]
    corner: tuple[int, int]
    window_size: tuple[int, int]
    flipped: bool = False
    rotation_deg: float = 0.0

    @classmethod
    def centred(
        cls, scale: float, resized_size: tuple[int, int], window_size: tuple[int, int], bottom: int
    ) -> "ImageAugmentation":
        """A window in the middle of the scaled image's width that ends at its row `bottom`."""
        left = max(0, resized_size[0] - window_size[0]) // 2
        return cls(scale, resized_size, (left, bottom - window_size[1]), window_size)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """`img_aug_matrix` [4, 4]: pixels (u, v, depth, 1) of the given image to pixels of the result."""
        width, height = self.window_size
        matrix = _flat(np.diag([self.scale, self.scale]), -np.array(self.corner, np.float64))
        if self.flipped:
            matrix = _flat(np.diag([-1.0, 1.0]), np.array([width, 0.0])) @ matrix
        turn_rad = math.radians(self.rotation_deg)
        cos, sin = math.cos(turn_rad), math.sin(turn_rad)
        turn = np.array([[cos, sin], [-sin, cos]])
        middle = np.array([width, height]) / 2
        return _flat(turn, middle - turn @ middle) @ matrix

    def apply(self, image: Image.Image) -> Image.Image:
        """The changed image: bicubic when scaled, nearest pixel when turned (Pillow's defaults, BEVFusion's choice)."""
        changed = resized_window(image, self.resized_size, self.corner, self.window_size)
        if self.flipped:
            changed = changed.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return changed.rotate(self.rotation_deg)


def _flat(linear: NDArray[np.float64], shift: NDArray[np.float64]) -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:2, :2] = linear
    matrix[:2, 3] = shift
    return matrix
