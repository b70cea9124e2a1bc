"""The arithmetic of a sparse convolution: per tap, gather inputs, multiply, add to outputs."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from perception_service.ops.sparse.rulebook import Rulebook


def convolve(features: Tensor, weight: Tensor, rulebook: Rulebook, in_triton: bool = False) -> Tensor:
    """The convolved features [M, out], in the precision that autocast asks for; differentiable once.

    Every output is summed in the same order each time, so the same input gives the same bits, on any device.

    Args:
        features: [N, in].
        weight: [out, x, y, z, in].
        rulebook: Of the N input and M output cells.
        in_triton: Whether the CUDA kernel computes the values; plain torch computes gradients.
    """
    device = features.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else features.dtype
    with torch.autocast(device, enabled=False):
        taps = weight.flatten(1, 3).permute(1, 2, 0).to(dtype)
        return _Convolve.apply(features.to(dtype), taps, rulebook, in_triton)


class _Convolve(torch.autograd.Function):
    """Keeps the features for the backward pass, where plain autograd would keep what each tap gathers from them."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, taps: Tensor, rulebook: Rulebook, in_triton: bool) -> Tensor:
        ctx.save_for_backward(features, taps)
        ctx.rulebook = rulebook
        if in_triton:
            from perception_service.ops.triton.gather_gemm import gather_gemm

            return gather_gemm(features, taps, rulebook.neighbours)
        return accumulate(features, taps, rulebook)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        features, taps = ctx.saved_tensors
        wants_features, wants_taps, *_ = ctx.needs_input_grad
        of_features = _features_gradient(gradient, features, taps, ctx.rulebook) if wants_features else None
        of_taps = _taps_gradient(gradient, features, taps, ctx.rulebook) if wants_taps else None
        return of_features, of_taps, None, None


def accumulate(features: Tensor, taps: Tensor, rulebook: Rulebook) -> Tensor:
    """The sum [M, out] in plain torch, of features [N, in] and taps [K, in, out]."""
    return _accumulated(
        features, taps, rulebook.inputs, rulebook.outputs, rulebook.identity_tap, len(rulebook.coordinates)
    )


def _features_gradient(gradient: Tensor, features: Tensor, taps: Tensor, rulebook: Rulebook) -> Tensor:
    """The same sum in the other direction: what was an output is the input now."""
    swapped = taps.transpose(1, 2)
    return _accumulated(gradient, swapped, rulebook.outputs, rulebook.inputs, rulebook.identity_tap, len(features))


def _taps_gradient(gradient: Tensor, features: Tensor, taps: Tensor, rulebook: Rulebook) -> Tensor:
    result = torch.zeros_like(taps)
    for tap, (inputs, outputs) in enumerate(zip(rulebook.inputs, rulebook.outputs, strict=True)):
        result[tap] = features.index_select(0, inputs).T @ gradient.index_select(0, outputs)
    return result


def _accumulated(
    rows: Tensor,
    taps: Tensor,
    sources: tuple[Tensor, ...],
    targets: tuple[Tensor, ...],
    identity_tap: int | None,
    count: int,
) -> Tensor:
    """[count, out] from rows [R, in]. No target occurs twice within a tap, so no write hits another."""
    result = rows.new_zeros(count, taps.shape[2]) if identity_tap is None else rows @ taps[identity_tap]
    for tap, (source, target) in enumerate(zip(sources, targets, strict=True)):
        if tap != identity_tap and len(source):
            sums = result.index_select(0, target).addmm_(rows.index_select(0, source), taps[tap])
            result.index_copy_(0, target, sums)
    return result
