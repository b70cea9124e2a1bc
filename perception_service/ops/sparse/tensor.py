"""A batch of sparse grids."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class SparseTensor:
    """Features of the occupied cells of B grids.

    Attributes:
        features: float [N, C].
        coordinates: int64 [N, 4]: frame in the batch, then cell indices x, y, z. A convolution refuses (InvalidField) a
            cell that occurs twice or lies outside the grid.
        spatial_shape: Cells along x, y and z.
        batch_size: Frames B in the batch.
        pairs: What convolutions have found out about these coordinates so far; tensors that share coordinates share it.
    """

    features: Tensor
    coordinates: Tensor
    spatial_shape: tuple[int, int, int]
    batch_size: int
    pairs: dict[Any, Any] = field(default_factory=dict, repr=False)

    def with_features(self, features: Tensor) -> Self:
        """The same cells with other features [N, C']."""
        return replace(self, features=features)


def to_dense(sparse: SparseTensor) -> Tensor:
    """The whole grids, float [B, C, X, Y, Z], 0 where no cell is occupied."""
    dense = sparse.features.new_zeros(sparse.batch_size, sparse.features.shape[1], *sparse.spatial_shape)
    frame, x, y, z = sparse.coordinates.unbind(1)
    dense.permute(0, 2, 3, 4, 1).index_put_((frame, x, y, z), sparse.features)
    return dense


def to_bev(sparse: SparseTensor) -> Tensor:
    """The whole grids seen from above, float [B, C * Z, X, Y]: channel c at height z is channel c * Z + z."""
    size_x, size_y, size_z = sparse.spatial_shape
    channels = sparse.features.shape[1]
    dense = sparse.features.new_zeros(sparse.batch_size, channels, size_z, size_x, size_y)
    frame, x, y, z = sparse.coordinates.unbind(1)
    dense.permute(0, 2, 3, 4, 1).index_put_((frame, z, x, y), sparse.features)
    return dense.flatten(1, 2)
