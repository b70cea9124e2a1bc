"""LiDAR voxels to a BEV map with sparse convolutions, the encoder of the official BEVFusion."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmcv.cnn import build_norm_layer
from mmdet3d.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional

from perception_service.ops.sparse import SparseConv3d, SparseTensor, SubMConv3d, to_dense
from waymend.errors import InvalidField

Config = Mapping[str, Any]
Padding = int | tuple[int, int, int]


@MODELS.register_module()
class BEVFusionSparseEncoder(nn.Module):
    """A stem, stages of residual blocks that each but the last end in a halving, and a convolution along z.

    After Yan et al., "SECOND", Sensors 2018, with x first and z last.

    Args:
        in_channels: Features per voxel.
        sparse_shape: Cells along x, y and z.
        order: Must be conv, norm, act.
        norm_cfg: Normalisation over voxels.
        base_channels: Width of the stem.
        output_channels: Width of the last convolution.
        encoder_channels: Widths of each stage's blocks.
        encoder_paddings: Padding of each block; only that of a stage's last, halving block counts.
        block_type: Must be basicblock.
    """

    def __init__(
        self,
        in_channels: int,
        sparse_shape: Sequence[int],
        order: Sequence[str] = ("conv", "norm", "act"),
        norm_cfg: Config | None = None,
        base_channels: int = 16,
        output_channels: int = 128,
        encoder_channels: Sequence[Sequence[int]] = ((16, 16, 32), (32, 32, 64), (64, 64, 128), (128, 128)),
        encoder_paddings: Sequence[Sequence[Any]] = ((0, 0, 1), (0, 0, 1), (0, 0, (1, 1, 0)), (0, 0)),
        block_type: str = "basicblock",
    ) -> None:
        super().__init__()
        _check("order", ", ".join(order), "conv, norm, act")
        _check("block_type", block_type, "basicblock")
        norm = dict(norm_cfg or {"type": "BN1d", "eps": 1e-3, "momentum": 0.01})
        self.sparse_shape = _triple(sparse_shape)
        self.conv_input = _SparseSequential(*_convolution(SubMConv3d(in_channels, base_channels, 3, bias=False), norm))
        self.encoder_layers = nn.Sequential()
        width = base_channels
        for number, (channels, paddings) in enumerate(zip(encoder_channels, encoder_paddings, strict=True), start=1):
            halving = paddings[-1] if number < len(encoder_channels) else None
            self.encoder_layers.add_module(f"encoder_layer{number}", _stage(width, channels, halving, norm))
            width = channels[-1]
        last = SparseConv3d(width, output_channels, (1, 1, 3), stride=(1, 1, 2), bias=False)
        self.conv_out = _SparseSequential(*_convolution(last, norm))

    def forward(self, voxel_features: Tensor, coordinates: Tensor, batch_size: int) -> Tensor:
        """The BEV map [B, C * Z, X, Y] (channel c at height z is c * Z + z) of voxels.

        Args:
            voxel_features: float [V, in_channels]. V may be 0.
            coordinates: int64 [V, 4]: frame in the batch, then cell indices x, y, z.
            batch_size: Frames B in the batch.
        """
        sparse = SparseTensor(voxel_features, coordinates.long(), self.sparse_shape, batch_size)
        encoded = self.conv_out(self.encoder_layers(self.conv_input(sparse)))
        return to_dense(encoded).permute(0, 1, 4, 2, 3).flatten(1, 2).contiguous()


class _SparseSequential(nn.Sequential):
    """Runs sparse modules on tensors and dense ones on their features."""

    def forward(self, input: SparseTensor) -> SparseTensor:
        sparse = input
        for module in self:
            if isinstance(module, SparseConv3d | SubMConv3d | _BasicBlock | _SparseSequential):
                sparse = module(sparse)
            else:
                sparse = sparse.with_features(_on_rows(module, sparse.features))
        return sparse


class _BasicBlock(nn.Module):
    """Two submanifold convolutions and a shortcut."""

    def __init__(self, channels: int, norm_cfg: Config) -> None:
        super().__init__()
        self.conv1 = SubMConv3d(channels, channels, 3, bias=False)
        self.bn1 = build_norm_layer(dict(norm_cfg), channels)[1]
        self.conv2 = SubMConv3d(channels, channels, 3, bias=False)
        self.bn2 = build_norm_layer(dict(norm_cfg), channels)[1]

    def forward(self, sparse: SparseTensor) -> SparseTensor:
        first = self.conv1(sparse)
        second = self.conv2(first.with_features(functional.relu(_on_rows(self.bn1, first.features))))
        return second.with_features(functional.relu(_on_rows(self.bn2, second.features) + sparse.features))


def _stage(in_channels: int, channels: Sequence[int], halving: Padding | None, norm_cfg: Config) -> _SparseSequential:
    """Residual blocks; where `halving` gives a padding, the last block is a convolution of stride 2 instead."""
    blocks: list[nn.Module] = []
    for index, width in enumerate(channels):
        if halving is not None and index == len(channels) - 1:
            padding = halving if isinstance(halving, int) else _triple(halving)
            convolution = SparseConv3d(in_channels, width, 3, stride=2, padding=padding, bias=False)
            blocks.append(_SparseSequential(*_convolution(convolution, norm_cfg)))
        else:
            if width != in_channels:
                raise InvalidField("pts_middle_encoder.encoder_channels", f"{in_channels}, the width before", width)
            blocks.append(_BasicBlock(width, norm_cfg))
        in_channels = width
    return _SparseSequential(*blocks)


def _convolution(convolution: SparseConv3d | SubMConv3d, norm_cfg: Config) -> tuple[nn.Module, ...]:
    return convolution, build_norm_layer(dict(norm_cfg), convolution.out_channels)[1], nn.ReLU()


def _on_rows(module: nn.Module, rows: Tensor) -> Tensor:
    """Batch statistics of no rows do not exist, so nothing is normalised then."""
    return module(rows) if len(rows) else rows


def _triple(values: Sequence[int]) -> tuple[int, int, int]:
    x, y, z = values
    return (x, y, z)


def _check(name: str, given: str, expected: str) -> None:
    if given != expected:
        raise InvalidField(f"pts_middle_encoder.{name}", expected, given)
