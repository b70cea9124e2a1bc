"""BEVFusion's fusion layer."""

from collections.abc import Sequence

import torch
from mmdet3d.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class ConvFuser(nn.Sequential):
    """Concatenates BEV maps of the modalities and mixes them with one 3x3 convolution."""

    def __init__(self, in_channels: Sequence[int], out_channels: int) -> None:
        super().__init__(
            nn.Conv2d(sum(in_channels), out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, input: Sequence[Tensor]) -> Tensor:
        """BEV maps [B, C_i, X, Y] of each modality to one map [B, out_channels, X, Y]."""
        return super().forward(torch.cat(list(input), 1))
