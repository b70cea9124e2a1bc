"""LiDAR voxels to a BEV map with sparse convolutions, the encoder of the official BEVFusion."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmcv.cnn import build_norm_layer
from mmdet3d.registry import MODELS
from torch import Tensor, nn

from perception_service.ops.sparse import (
    SparseConv3d,
    SparseModule,
    SparseSequential,
    SparseTensor,
    SubMConv3d,
    to_bev,
)
from waymend.errors import InvalidField

Config = Mapping[str, Any]
Padding = int | Sequence[int]


@MODELS.register_module()
class BEVFusionSparseEncoder(nn.Module):
    """A stem, stages that halve the grid, and a convolution that halves its height once more.

    After Yan et al., "SECOND", Sensors 2018, with x first and z last. Arguments and their defaults are those of the
    class of this name in mmdetection3d.

    Args:
        in_channels: Features per voxel.
        sparse_shape: Cells along x, y and z.
        order: Of a permutation of conv, norm, act it matters only whether conv comes first: if not, the stem is a
            convolution alone.
        norm_cfg: Normalisation over voxels.
        base_channels: Width of the stem.
        output_channels: Width of the last convolution.
        encoder_channels: Widths of each stage's blocks.
        encoder_paddings: Padding of each block along x, y and z; only that of a halving block counts.
        block_type: basicblock: residual blocks, and each stage but the last ends in a halving convolution;
            conv_module: submanifold convolutions, and each stage but the first begins with a halving one.
        return_middle_feats: Must be False.

    Raises:
        InvalidField: An argument has a value that is not supported, or widths that do not fit each other.
    """

    def __init__(
        self,
        in_channels: int,
        sparse_shape: Sequence[int],
        order: Sequence[str] = ("conv", "norm", "act"),
        norm_cfg: Config | None = None,
        base_channels: int = 16,
        output_channels: int = 128,
        encoder_channels: Sequence[Sequence[int]] = ((16,), (32, 32, 32), (64, 64, 64), (64, 64, 64)),
        encoder_paddings: Sequence[Sequence[Padding]] = ((1,), (1, 1, 1), (1, 1, 1), ((0, 1, 1), 1, 1)),
        block_type: str = "conv_module",
        return_middle_feats: bool = False,
    ) -> None:
        super().__init__()
        _check("order", tuple(sorted(order)) == ("act", "conv", "norm"), "a permutation of conv, norm, act", order)
        _check("block_type", block_type in _STAGES, " or ".join(_STAGES), block_type)
        _check("return_middle_feats", not return_middle_feats, "False", return_middle_feats)
        _check(
            "encoder_paddings", _shape(encoder_paddings) == _shape(encoder_channels), "one per block", encoder_paddings
        )
        norm = dict(norm_cfg or {"type": "BN1d", "eps": 1e-3, "momentum": 0.01})
        self.sparse_shape = _triple(sparse_shape)
        stem = _normalised(SubMConv3d(in_channels, base_channels, 3, bias=False), norm)
        self.conv_input = stem if order[0] == "conv" else SparseSequential(stem[0])
        self.encoder_layers = SparseSequential()
        width, last = base_channels, len(encoder_channels) - 1
        for stage, (channels, paddings) in enumerate(zip(encoder_channels, encoder_paddings, strict=True)):
            halves = stage != (last if block_type == "basicblock" else 0)
            blocks = _STAGES[block_type](width, channels, paddings, halves, norm)
            self.encoder_layers.add_module(f"encoder_layer{stage + 1}", SparseSequential(*blocks))
            width = channels[-1]
        halving_height = SparseConv3d(width, output_channels, (1, 1, 3), stride=(1, 1, 2), bias=False)
        self.conv_out = _normalised(halving_height, norm)

    def forward(self, voxel_features: Tensor, coordinates: Tensor, batch_size: int) -> Tensor:
        """The BEV map [B, C * Z, X, Y] (channel c at height z is c * Z + z) of voxels.

        Args:
            voxel_features: float [V, in_channels]. V may be 0.
            coordinates: int [V, 4]: frame in the batch, then cell indices x, y, z; no cell twice.
            batch_size: Frames B in the batch.
        """
        sparse = SparseTensor(voxel_features, coordinates.long(), self.sparse_shape, batch_size)
        return to_bev(self.conv_out(self.encoder_layers(self.conv_input(sparse))))


class _BasicBlock(SparseModule):
    """Two submanifold convolutions and a shortcut."""

    def __init__(self, channels: int, norm_cfg: Config) -> None:
        super().__init__()
        self.conv1 = SubMConv3d(channels, channels, 3, bias=False)
        self.bn1 = build_norm_layer(dict(norm_cfg), channels)[1]
        self.conv2 = SubMConv3d(channels, channels, 3, bias=False)
        self.bn2 = build_norm_layer(dict(norm_cfg), channels)[1]

    def forward(self, sparse: SparseTensor) -> SparseTensor:
        if not len(sparse.features):
            return sparse
        first = self.bn1(self.conv1(sparse).features).relu_()
        second = self.bn2(self.conv2(sparse.with_features(first)).features)
        return sparse.with_features((second + sparse.features).relu_())


def _residual_stage(
    in_channels: int, channels: Sequence[int], paddings: Sequence[Padding], halves: bool, norm_cfg: Config
) -> list[SparseModule]:
    """Residual blocks; the last is a halving convolution instead where the stage `halves`."""
    residual = channels[:-1] if halves else channels
    expected = f"{in_channels} in a residual block, as before it"
    _check("encoder_channels", all(width == in_channels for width in residual), expected, channels)
    blocks: list[SparseModule] = [_BasicBlock(width, norm_cfg) for width in residual]
    if halves:
        blocks.append(_halving(in_channels, channels[-1], paddings[-1], norm_cfg))
    return blocks


def _plain_stage(
    in_channels: int, channels: Sequence[int], paddings: Sequence[Padding], halves: bool, norm_cfg: Config
) -> list[SparseModule]:
    """Submanifold convolutions; the first is a halving one instead where the stage `halves`."""
    blocks: list[SparseModule] = []
    for index, width in enumerate(channels):
        if halves and index == 0:
            blocks.append(_halving(in_channels, width, paddings[0], norm_cfg))
        else:
            blocks.append(_normalised(SubMConv3d(in_channels, width, 3, bias=False), norm_cfg))
        in_channels = width
    return blocks


_STAGES = {"basicblock": _residual_stage, "conv_module": _plain_stage}


def _halving(in_channels: int, out_channels: int, padding: Padding, norm_cfg: Config) -> SparseSequential:
    around = padding if isinstance(padding, int) else _triple(padding)
    return _normalised(SparseConv3d(in_channels, out_channels, 3, stride=2, padding=around, bias=False), norm_cfg)


def _normalised(convolution: SparseConv3d | SubMConv3d, norm_cfg: Config) -> SparseSequential:
    norm = build_norm_layer(dict(norm_cfg), convolution.out_channels)[1]
    return SparseSequential(convolution, norm, nn.ReLU(inplace=True))


def _shape(per_block: Sequence[Sequence[Any]]) -> list[int]:
    return [len(blocks) for blocks in per_block]


def _triple(values: Sequence[int]) -> tuple[int, int, int]:
    x, y, z = values
    return (x, y, z)


def _check(name: str, right: bool, expected: str, given: object) -> None:
    if not right:
        raise InvalidField(f"pts_middle_encoder.{name}", expected, given)
