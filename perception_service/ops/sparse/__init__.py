"""Convolution over the occupied cells of a grid, in plain torch; on a GPU with a kernel of its own."""

from perception_service.ops.sparse.convolution import SparseConv3d, SubMConv3d
from perception_service.ops.sparse.module import SparseModule, SparseSequential
from perception_service.ops.sparse.tensor import SparseTensor, to_bev, to_dense

__all__ = ["SparseConv3d", "SparseModule", "SparseSequential", "SparseTensor", "SubMConv3d", "to_bev", "to_dense"]
