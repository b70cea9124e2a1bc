"""Lift and splat as the textbook has it: one feature per pixel and depth bin is written, then all are scattered."""

import torch
from torch import Tensor


def plain_pool(depth: Tensor, context: Tensor, cell_of_bin: Tensor, cells: int) -> Tensor:
    """Sums depth-weighted features into cells; shapes as in `perception_service.ops.bev_pool.splat`."""
    lifted = depth[..., None] * context[:, None]
    pooled = torch.zeros(cells, context.shape[1], dtype=context.dtype)
    return pooled.index_add_(0, cell_of_bin.flatten(), lifted.flatten(0, 1))
