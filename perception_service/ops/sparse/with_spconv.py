"""The same convolutions by spconv (Apache-2.0), where it is installed."""

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from perception_service.ops.sparse.tensor import SparseTensor

if TYPE_CHECKING:
    from perception_service.ops.sparse.convolution import SparseConvolution

_KEY = "spconv"


def spconv_layer(convolution: "SparseConvolution", submanifold: bool) -> nn.Module:
    """spconv's layer with the very parameters of `convolution`."""
    import spconv.pytorch as spconv  # ty: ignore[import-not-found]
    from spconv.core import ConvAlgo  # ty: ignore[import-not-found]

    on_cpu = convolution.weight.device.type == "cpu"
    with torch.device("meta"):
        layer = (spconv.SubMConv3d if submanifold else spconv.SparseConv3d)(
            convolution.in_channels,
            convolution.out_channels,
            convolution.kernel_size,
            stride=convolution.stride,
            padding=convolution.padding,
            dilation=convolution.dilation,
            bias=convolution.bias is not None,
            indice_key=f"{convolution.kernel_size} {convolution.dilation}" if submanifold else None,
            algo=ConvAlgo.Native if on_cpu else None,
        )
    layer.weight, layer.bias = convolution.weight, convolution.bias
    return layer


def convolved_by(layer: nn.Module, sparse: SparseTensor) -> SparseTensor:
    """What `layer` makes of the tensor. Output cells come in spconv's order, and none is checked."""
    given = _as_spconv(sparse)
    made = layer(given)
    if made.indices is given.indices:
        return sparse.with_features(made.features)
    shape = (made.spatial_shape[0], made.spatial_shape[1], made.spatial_shape[2])
    return SparseTensor(made.features, made.indices.long(), shape, sparse.batch_size)


def _as_spconv(sparse: SparseTensor) -> Any:
    import spconv.pytorch as spconv  # ty: ignore[import-not-found]

    if _KEY not in sparse.pairs:
        coordinates = sparse.coordinates.int().contiguous()
        sparse.pairs[_KEY] = spconv.SparseConvTensor(
            sparse.features, coordinates, list(sparse.spatial_shape), sparse.batch_size
        )
    return sparse.pairs[_KEY].replace_feature(sparse.features)
