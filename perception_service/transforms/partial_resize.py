"""Pillow's bicubic resize of that part of an image that is kept."""

from math import gcd

from PIL import Image


def resized_window(
    image: Image.Image, resized_size: tuple[int, int], corner: tuple[int, int], window_size: tuple[int, int]
) -> Image.Image:
    """Bit for bit `image.resize(resized_size).crop(window)`, without computing most of what the crop drops.

    Where a source and a target pixel share their left edge, Pillow's weights repeat; a resize that starts there gives
    the pixels of the whole one.

    Args:
        image: What to scale.
        resized_size: Width and height of the whole scaled image.
        corner: Left and top of the window in the scaled image; may lie outside.
        window_size: Width and height of the window; black where it leaves the scaled image.
    """
    (left, top), (width, height) = corner, window_size
    source_x, target_x = _shared_edges(image.width, resized_size[0], left, left + width)
    source_y, target_y = _shared_edges(image.height, resized_size[1], top, top + height)
    part = image.resize(
        (target_x[1] - target_x[0], target_y[1] - target_y[0]),
        Image.Resampling.BICUBIC,
        box=(source_x[0], source_y[0], source_x[1], source_y[1]),
    )
    left, top = left - target_x[0], top - target_y[0]
    return part.crop((left, top, left + width, top + height))


def _shared_edges(source: int, target: int, low: int, high: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The narrowest spans of source and target between shared edges that hold `low` to `high` of the target."""
    edges = gcd(source, target)
    source_step, target_step = source // edges, target // edges
    first = min(max(low, 0) // target_step, edges - 1)
    last = max(min(-(-high // target_step), edges), first + 1)
    return (first * source_step, last * source_step), (first * target_step, last * target_step)
