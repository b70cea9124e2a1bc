"""BEVFusion's image neck: a top-down feature pyramid that concatenates instead of adding."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmcv.cnn import ConvModule
from mmdet3d.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional


@MODELS.register_module()
class GeneralizedLSSFPN(BaseModule):
    """Merges each level with the upsampled level above it.

    Args:
        in_channels: Channels of the backbone's levels, finest first.
        out_channels: Channels of every output level.
        num_outs: Number of backbone levels that take part.
        start_level: First backbone level that takes part.
        norm_cfg, act_cfg: Normalisation and activation of the convolutions, as mmcv describes them.
        upsample_cfg: Options of `torch.nn.functional.interpolate`.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        num_outs: int,
        start_level: int = 0,
        norm_cfg: Mapping[str, Any] | None = None,
        act_cfg: Mapping[str, Any] | None = None,
        upsample_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.levels = slice(start_level, start_level + num_outs)
        self.upsample_cfg: dict[str, Any] = dict(upsample_cfg or {"mode": "bilinear", "align_corners": True})
        used = list(in_channels)[self.levels]
        from_above = [out_channels] * (len(used) - 2) + [used[-1]]
        style: dict[str, Any] = {
            "norm_cfg": dict(norm_cfg or {"type": "BN2d"}),
            "act_cfg": dict(act_cfg or {"type": "ReLU"}),
        }
        self.lateral_convs = nn.ModuleList(
            ConvModule(own + above, out_channels, 1, **style) for own, above in zip(used, from_above, strict=False)
        )
        self.fpn_convs = nn.ModuleList(
            ConvModule(out_channels, out_channels, 3, padding=1, **style) for _ in self.lateral_convs
        )

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Levels [B, C_i, H_i, W_i], finest first, to one level fewer, each [B, out_channels, H_i, W_i]."""
        *finer, above = list(features)[self.levels]
        merged: list[Tensor] = []
        for index in reversed(range(len(finer))):
            upsampled = functional.interpolate(above, size=finer[index].shape[2:], **self.upsample_cfg)
            lateral = self.lateral_convs[index](torch.cat((finer[index], upsampled), 1))
            above = self.fpn_convs[index](lateral)
            merged.insert(0, above)
        return tuple(merged)
