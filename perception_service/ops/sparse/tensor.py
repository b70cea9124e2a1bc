"""A batch of sparse grids."""

from dataclasses import dataclass, field, replace
from typing import Self

from torch import Tensor

from perception_service.ops.sparse.rulebook import Rulebook


@dataclass(frozen=True, slots=True, eq=False)
class SparseTensor:
    """Features of the occupied cells of B grids.

    Attributes:
        features: float [N, C].
        coordinates: int64 [N, 4]: frame in the batch, then cell indices x, y, z. No cell occurs twice.
        spatial_shape: Cells along x, y and z.
        batch_size: Frames B in the batch.
        rulebooks: Found for these coordinates so far; tensors that share coordinates share them.
    """

    features: Tensor
    coordinates: Tensor
    spatial_shape: tuple[int, int, int]
    batch_size: int
    rulebooks: dict[tuple, Rulebook] = field(default_factory=dict, repr=False)

    def with_features(self, features: Tensor) -> Self:
        """The same cells with other features [N, C']."""
        return replace(self, features=features)


def to_dense(sparse: SparseTensor) -> Tensor:
    """The whole grids, float [B, C, X, Y, Z], 0 where no cell is occupied."""
    size_x, size_y, size_z = sparse.spatial_shape
    frame, x, y, z = sparse.coordinates.unbind(1)
    channels = sparse.features.shape[1]
    dense = sparse.features.new_zeros(sparse.batch_size * size_x * size_y * size_z, channels)
    dense.index_copy_(0, ((frame * size_x + x) * size_y + y) * size_z + z, sparse.features)
    return dense.view(sparse.batch_size, size_x, size_y, size_z, channels).permute(0, 4, 1, 2, 3)
