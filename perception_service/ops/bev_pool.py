"""Lift and splat in one step: camera features, weighted by their depth distribution, summed into BEV cells.

The plain form (Philion and Fidler, "Lift, Splat, Shoot", ECCV 2020) writes one feature per pixel and depth bin, then
scatters them. The sum is a sparse matrix (cells x pixels, holding depth probabilities) times a dense one (pixels x
channels), so the features per depth bin are never written.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from perception_service.inference_options import PoolKernel


@dataclass(frozen=True, slots=True)
class SplatPlan:
    """Which depth bins fall into which cell: the sparsity pattern, compressed by rows.

    Attributes:
        bins: int64 [K], indices into the flattened [P * D] depth bins, sorted by cell.
        pixels: int64 [K], the pixel of each bin.
        offsets: int64 [cells + 1]; cell c owns the entries offsets[c] to offsets[c + 1].
    """

    bins: Tensor
    pixels: Tensor
    offsets: Tensor


def plan_splat(cell_of_bin: Tensor, cells: int) -> SplatPlan:
    """Plans the splat from `cell_of_bin`, int64 [P, D], where a value outside 0..cells-1 drops the bin."""
    flat = cell_of_bin.flatten()
    kept = torch.nonzero((flat >= 0) & (flat < cells)).squeeze(1)
    sorted_cells, order = torch.sort(flat[kept].int(), stable=True)
    bins = kept[order]
    edges = torch.arange(cells + 1, device=flat.device, dtype=torch.int32)
    return SplatPlan(bins, bins // cell_of_bin.shape[1], torch.searchsorted(sorted_cells, edges))


class SplatPool(nn.Module):
    """`splat` as a module.

    Attributes:
        kernel: Who does the arithmetic; see `perception_service.ops.kernels`.
    """

    kernel: PoolKernel = "torch"

    def forward(self, depth: Tensor, context: Tensor, plan: SplatPlan) -> Tensor:
        return splat(depth, context, plan, self.kernel)


def splat(depth: Tensor, context: Tensor, plan: SplatPlan, kernel: PoolKernel = "torch") -> Tensor:
    """Sums depth-weighted features into cells; differentiable in both, each cell added in a fixed order.

    Args:
        depth: float [P, D], the depth distribution of each pixel.
        context: float [P, C], the features of each pixel.
        plan: Of the P pixels.
        kernel: triton: the CUDA kernel computes the values; plain torch computes gradients.

    Returns:
        float [cells, C].
    """
    if kernel == "triton":
        return _PoolCells.apply(depth, context, plan)
    return weighted_bags(depth, context, plan)


def weighted_bags(depth: Tensor, context: Tensor, plan: SplatPlan) -> Tensor:
    """`splat` in plain torch: a bag of weighted pixels per cell."""
    weights = depth.flatten().index_select(0, plan.bins)
    return functional.embedding_bag(
        plan.pixels, context, plan.offsets, mode="sum", per_sample_weights=weights, include_last_offset=True
    )


class _PoolCells(torch.autograd.Function):
    """The kernel forwards; backwards the gradients of `weighted_bags`."""

    @staticmethod
    def forward(ctx: Any, depth: Tensor, context: Tensor, plan: SplatPlan) -> Tensor:
        from perception_service.ops.triton.pool_cells import pool_cells

        ctx.save_for_backward(depth, context)
        ctx.plan = plan
        return pool_cells(depth, context, plan.bins, plan.pixels, plan.offsets)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        depth, context = (saved.detach().requires_grad_() for saved in ctx.saved_tensors)
        with torch.enable_grad():
            pooled = weighted_bags(depth, context, ctx.plan)
        of_depth, of_context = torch.autograd.grad(pooled, (depth, context), gradient)
        return of_depth, of_context, None
