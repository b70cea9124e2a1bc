"""Modules on sparse tensors, and a container that mixes them with modules on rows of features."""

from torch import nn

from perception_service.ops.sparse.tensor import SparseTensor


class SparseModule(nn.Module):
    """A module that takes a SparseTensor and gives one."""

    def forward(self, sparse: SparseTensor) -> SparseTensor:
        raise NotImplementedError


class SparseSequential(nn.Sequential, SparseModule):
    """Runs sparse modules on the tensor and all others on its features [N, C].

    Without cells, only sparse modules run: there is nothing to normalise, and batch statistics of no rows do not exist.
    """

    def forward(self, sparse: SparseTensor) -> SparseTensor:  # ty: ignore[lost-keyword-for-regular-parameter]
        for module in self:
            if isinstance(module, SparseModule):
                sparse = module(sparse)
            elif len(sparse.features):
                sparse = sparse.with_features(module(sparse.features))
        return sparse
