"""Rows of all ranks, with a gradient back to the rank that each came from."""

from typing import Any

import torch
from torch import Tensor, distributed
from torch.nn import functional


def gathered_rows(rows: Tensor) -> Tensor:
    """The rows [n_r, ...] of every rank r, in the order of the ranks; without other ranks, `rows` itself.

    Every rank must call it. The gradient of each rank's loss with respect to `rows` is summed over the ranks. Where
    all ranks compute the same loss of the gathered rows, the mean of their parameters' gradients (which is what data
    parallelism takes) is then exactly the gradient of that one loss.
    """
    if not distributed.is_initialized() or distributed.get_world_size() == 1:
        return rows
    counts = _row_counts(rows)
    padded = functional.pad(rows, [0, 0] * (rows.dim() - 1) + [0, max(counts) - len(rows)])
    gathered = _AllGather.apply(padded)
    return torch.cat([part[:count] for part, count in zip(gathered, counts, strict=True)])


def _row_counts(rows: Tensor) -> list[int]:
    own = torch.tensor([len(rows)], device=rows.device)
    counts = [torch.empty_like(own) for _ in range(distributed.get_world_size())]
    distributed.all_gather(counts, own)
    return [int(count) for count in counts]


class _AllGather(torch.autograd.Function):
    """Tensors of one shape -> [ranks, ...]. The backward pass sums with all_reduce, which every backend has."""

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        parts = [torch.empty_like(own) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, own.contiguous())
        return torch.stack(parts)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Tensor:
        summed = grad_outputs[0].clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(summed)
        return summed[distributed.get_rank()]
