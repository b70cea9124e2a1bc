"""Hard voxelisation: points into voxels, a bounded number of points per voxel and of voxels per cloud."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from waymend.errors import InvalidField


@dataclass(frozen=True, slots=True)
class VoxelisedCloud:
    """The occupied voxels of one cloud, in the order in which the cloud first touches them.

    Attributes:
        mean_features: float32 [V, F], mean over the points that the voxel kept.
        coordinates: int64 [V, 3], cell indices x, y, z.
        point_counts: int64 [V], how many points the voxel kept.
    """

    mean_features: Tensor
    coordinates: Tensor
    point_counts: Tensor


class Voxelization(nn.Module):
    """Voxels of a fixed grid, each reduced to the mean of its first `max_num_points` points.

    Voxels beyond the limit are those that the cloud touches last, as in the hard voxelisation of VoxelNet's successors.

    Args:
        voxel_size: x, y, z extents of a voxel, metres.
        point_cloud_range: x_min, y_min, z_min, x_max, y_max, z_max, metres.
        max_num_points: Points that a voxel keeps.
        max_voxels: Voxels that a cloud keeps: in training, in evaluation; a number stands for both.
        voxelize_reduce: Must be True: a voxel is its mean.
        deterministic: Must be True: the same cloud gives the same voxels.

    Raises:
        InvalidField: An argument has a value that is not supported.
    """

    def __init__(
        self,
        voxel_size: Sequence[float],
        point_cloud_range: Sequence[float],
        max_num_points: int,
        max_voxels: int | Sequence[int],
        voxelize_reduce: bool = True,
        deterministic: bool = True,
    ) -> None:
        super().__init__()
        limits = (max_voxels, max_voxels) if isinstance(max_voxels, int) else tuple(max_voxels)
        _check("voxelize_reduce", voxelize_reduce, "True", voxelize_reduce)
        _check("deterministic", deterministic, "True", deterministic)
        _check("max_num_points", max_num_points > 0, "a number over 0", max_num_points)
        _check("max_voxels", len(limits) == 2 and min(limits) > 0, "one or two numbers over 0", max_voxels)
        self.voxel_size = tuple(voxel_size)
        self.point_cloud_range = tuple(point_cloud_range)
        self.max_num_points = max_num_points
        self.max_voxels = limits
        self.grid_shape = tuple(
            round((high - low) / size)
            for low, high, size in zip(point_cloud_range[:3], point_cloud_range[3:], voxel_size, strict=True)
        )

    @torch.no_grad()
    def forward(self, points: Tensor) -> VoxelisedCloud:
        """Voxelises points [N, F], whose first three features are x, y, z in metres. N may be 0.

        Points outside the range, and those with a feature that is not finite, belong to no voxel. Points that are the
        same count each.
        """
        points, cells = self._points_in_grid(points)
        keys = self._flat(cells)
        order = torch.argsort(keys, stable=True)
        unique_keys, counts = torch.unique_consecutive(keys[order], return_counts=True)
        starts = counts.cumsum(0) - counts

        appearance = torch.argsort(order[starts])[: self.max_voxels[0 if self.training else 1]]
        kept_counts = counts[appearance].clamp(max=self.max_num_points)
        members = order[_ranges(starts[appearance], kept_counts)]
        sums = _consecutive_sums(points[members], kept_counts)
        return VoxelisedCloud(sums / kept_counts[:, None], self._unflat(unique_keys[appearance]), kept_counts)

    def _points_in_grid(self, points: Tensor) -> tuple[Tensor, Tensor]:
        low = points.new_tensor(self.point_cloud_range[:3])
        cells = torch.floor((points[:, :3] - low) / points.new_tensor(self.voxel_size))
        inside = ((cells >= 0) & (cells < cells.new_tensor(self.grid_shape))).all(1) & points.isfinite().all(1)
        return points[inside], cells[inside].long()

    def _flat(self, cells: Tensor) -> Tensor:
        _, size_y, size_z = self.grid_shape
        return (cells[:, 0] * size_y + cells[:, 1]) * size_z + cells[:, 2]

    def _unflat(self, keys: Tensor) -> Tensor:
        _, size_y, size_z = self.grid_shape
        return torch.stack((keys // (size_y * size_z), keys // size_z % size_y, keys % size_z), 1)


def _check(name: str, right: bool, expected: str, given: object) -> None:
    if not right:
        raise InvalidField(f"voxelize_cfg.{name}", expected, given)


def _ranges(starts: Tensor, lengths: Tensor) -> Tensor:
    """The concatenation of `start, start + 1, ... start + length - 1` over all pairs."""
    ends = lengths.cumsum(0)
    offsets = torch.repeat_interleave(starts - (ends - lengths), lengths)
    return offsets + torch.arange(offsets.shape[0], device=starts.device)


def _consecutive_sums(values: Tensor, lengths: Tensor) -> Tensor:
    """Sums [S, F] over the first `lengths[0]` rows, the next `lengths[1]` rows, ...; always added in row order."""
    offsets = torch.cat((lengths.new_zeros(1), lengths.cumsum(0)))
    rows = torch.arange(values.shape[0], device=values.device)
    return nn.functional.embedding_bag(rows, values, offsets, mode="sum", include_last_offset=True)
