"""The arithmetic of a sparse convolution: per tap, gather inputs, multiply, add to outputs."""

import torch
from torch import Tensor

from perception_service.ops.sparse.rulebook import Rulebook


def convolve(features: Tensor, weight: Tensor, rulebook: Rulebook) -> Tensor:
    """The convolved features [M, out], in the precision that autocast asks for; differentiable.

    No row occurs twice within a tap, so outputs are written without collisions and always summed in the same order.

    Args:
        features: [N, in].
        weight: [out, x, y, z, in].
        rulebook: Of the N input and M output cells.
    """
    device = features.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else features.dtype
    with torch.autocast(device, enabled=False):
        return _accumulated(features.to(dtype), weight.flatten(1, 3).permute(1, 2, 0).to(dtype), rulebook)


def _accumulated(features: Tensor, taps: Tensor, rulebook: Rulebook) -> Tensor:
    if rulebook.identity_tap is None:
        output = features.new_zeros(len(rulebook.coordinates), taps.shape[2])
    else:
        output = features @ taps[rulebook.identity_tap]
    for tap, (inputs, outputs) in enumerate(zip(rulebook.inputs, rulebook.outputs, strict=True)):
        if tap != rulebook.identity_tap and len(inputs):
            sums = output.index_select(0, outputs).addmm_(features.index_select(0, inputs), taps[tap])
            output = output.index_copy_(0, outputs, sums)
    return output
