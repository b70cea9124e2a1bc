"""The symmetric InfoNCE loss that `align`, `bev_text` and `bev_vector` share."""

import torch
from torch import Tensor
from torch.nn import functional

FEWEST_SAMPLES = 2
"""With one sample there is nothing to tell it from."""


def info_nce(first: Tensor, second: Tensor, scale: Tensor) -> Tensor:
    """Mean over samples of the cross-entropies of finding each one's partner among all, in both directions; float32.

    With s_ij = scale * <first_i, second_j>:
    L = 1/(2M) sum_i ( -log exp(s_ii) / sum_j exp(s_ij) - log exp(s_ii) / sum_j exp(s_ji) ).
    Source: van den Oord et al., "Representation Learning with Contrastive Predictive Coding", 2018, equation 4; the
    symmetric form of Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (CLIP),
    2021, figure 3.

    Args:
        first, second: Unit vectors [M, D] of the same M samples.
        scale: Inverse temperature, a scalar.
    """
    similarities = scale.float() * first.float() @ second.float().T
    partners = torch.arange(len(similarities), device=similarities.device)
    there = functional.cross_entropy(similarities, partners)
    back = functional.cross_entropy(similarities.T, partners)
    return (there + back) / 2
