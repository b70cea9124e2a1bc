"""Convolution over the occupied cells of a grid, in plain torch."""

from perception_service.ops.sparse.convolution import SparseConv3d, SubMConv3d
from perception_service.ops.sparse.tensor import SparseTensor, to_dense

__all__ = ["SparseConv3d", "SparseTensor", "SubMConv3d", "to_dense"]
