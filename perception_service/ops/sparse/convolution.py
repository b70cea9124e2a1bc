"""Sparse convolutions as torch modules; their weights have spconv 2's layout and may be loaded from mmcv's."""

import math
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from perception_service.inference_options import SparseConvKernel
from perception_service.ops.sparse.accumulate import convolve
from perception_service.ops.sparse.module import SparseModule
from perception_service.ops.sparse.rulebook import Rulebook, Triple, strided_rulebook, submanifold_rulebook
from perception_service.ops.sparse.tensor import SparseTensor
from perception_service.ops.sparse.with_spconv import convolved_by, spconv_layer
from waymend.errors import InvalidField


class SparseConvolution(SparseModule):
    """What both convolutions share.

    Args:
        in_channels, out_channels: Of the features.
        kernel_size, stride, padding, dilation: Along x, y and z; a number stands for all three.
        bias: Whether a bias is added.

    Attributes:
        kernel: Who does the arithmetic; see `perception_service.ops.kernels`.
    """

    kernel: SparseConvKernel = "torch"

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Triple,
        stride: int | Triple = 1,
        padding: int | Triple = 0,
        dilation: int | Triple = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _triple(kernel_size)
        self.stride = _triple(stride)
        self.padding = _triple(padding)
        self.dilation = _triple(dilation)
        self.weight = nn.Parameter(torch.empty(out_channels, *self.kernel_size, in_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        nn.init.kaiming_uniform_(self.weight.view(out_channels, -1), a=math.sqrt(5))

    def forward(self, sparse: SparseTensor) -> SparseTensor:
        if self.kernel == "spconv" and len(sparse.features):
            return convolved_by(self._spconv_layer, sparse)
        return self._convolution(sparse)

    def _convolution(self, sparse: SparseTensor) -> SparseTensor:
        raise NotImplementedError

    def _convolved(self, features: Tensor, rulebook: Rulebook) -> Tensor:
        output = convolve(features, self.weight, rulebook, self.kernel == "triton")
        return output if self.bias is None else output + self.bias.to(output.dtype)

    @cached_property
    def _spconv_layer(self) -> nn.Module:
        return spconv_layer(self, submanifold=isinstance(self, SubMConv3d))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:  # ty: ignore[incompatible-method-override]
        name = f"{prefix}weight"
        if name in state_dict:
            state_dict[name] = in_spconv_layout(state_dict[name], tuple(self.weight.shape))
        super()._load_from_state_dict(state_dict, prefix, *rest)


class SubMConv3d(SparseConvolution):
    """Submanifold convolution: the output has the input's cells. `padding` has no effect."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if any(size % 2 == 0 for size in self.kernel_size) or self.stride != (1, 1, 1):
            raise InvalidField("SubMConv3d", "odd kernel_size and stride 1", (self.kernel_size, self.stride))

    def _convolution(self, sparse: SparseTensor) -> SparseTensor:
        key = (self.kernel_size, self.dilation)
        if key not in sparse.pairs:
            sparse.pairs[key] = submanifold_rulebook(sparse.coordinates, sparse.spatial_shape, *key)
        return sparse.with_features(self._convolved(sparse.features, sparse.pairs[key]))


class SparseConv3d(SparseConvolution):
    """Convolution whose output has every cell that an occupied one reaches."""

    def _convolution(self, sparse: SparseTensor) -> SparseTensor:
        rulebook = strided_rulebook(
            sparse.coordinates, sparse.spatial_shape, self.kernel_size, self.stride, self.padding, self.dilation
        )
        features = self._convolved(sparse.features, rulebook)
        return SparseTensor(features, rulebook.coordinates, rulebook.spatial_shape, sparse.batch_size)


def in_spconv_layout(weight: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A kernel as (out, x, y, z, in), spconv 2's layout, also where it comes as (x, y, z, in, out), mmcv's.

    A weight that has the wanted `shape` already is left alone: both layouts have one shape only where in, out and all
    extents are equal. One that fits neither layout is left alone too, for the strict check of the loader.
    """
    out_channels, *kernel_size, in_channels = shape
    if tuple(weight.shape) != shape and tuple(weight.shape) == (*kernel_size, in_channels, out_channels):
        return weight.permute(4, 0, 1, 2, 3).contiguous()
    return weight


def _triple(value: int | Triple) -> Triple:
    if isinstance(value, int):
        return (value, value, value)
    x, y, z = value
    return (x, y, z)
