"""Fixed position embeddings."""

import math

import torch
from torch import Tensor

_LONGEST_PERIOD = 10_000.0


def sine_positions_2d(height: int, width: int, channels: int) -> Tensor:
    """Sine and cosine embeddings of all cells of a map, float32 [height * width, channels], row-major.

    The 2-D form (half of the channels for each axis) of Vaswani et al., "Attention Is All You Need", section 3.5.
    `channels` must be divisible by 4.
    """
    rows = _sine_positions(height, channels // 2)[:, None].expand(-1, width, -1)
    columns = _sine_positions(width, channels // 2)[None].expand(height, -1, -1)
    return torch.cat((rows, columns), -1).flatten(0, 1)


def _sine_positions(length: int, channels: int) -> Tensor:
    exponents = torch.arange(0, channels, 2) / channels
    angles = torch.arange(length)[:, None] * torch.exp(-math.log(_LONGEST_PERIOD) * exponents)
    return torch.cat((angles.sin(), angles.cos()), -1)
