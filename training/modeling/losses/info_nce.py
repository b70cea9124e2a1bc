"""The symmetric InfoNCE loss that `align`, `bev_text` and `bev_vector` share."""

import torch
from torch import Tensor
from torch.nn import functional

FEWEST_GROUPS = 2
"""Within one group there is nothing to tell a sample from."""


def info_nce(first: Tensor, second: Tensor, scale: Tensor, groups: Tensor) -> Tensor:
    """Mean over samples of the cross-entropies of finding each one's partner among all, in both directions; float32.

    With s_ij = scale * <first_i, second_j>:
    L = 1/(2M) sum_i ( -log exp(s_ii) / sum_j exp(s_ij) - log exp(s_ii) / sum_j exp(s_ji) ),
    where j runs over i itself and the samples of other groups: samples of one group hold the same thing, so each
    other's partners are no wrong answers.
    Source: van den Oord et al., "Representation Learning with Contrastive Predictive Coding", 2018, equation 4; the
    symmetric form of Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (CLIP),
    2021, figure 3.

    Args:
        first, second: Unit vectors [M, D] of the same M samples.
        scale: Inverse temperature, a scalar.
        groups: int64 [M], of each sample; at least two of them differ.
    """
    similarities = scale.float() * first.float() @ second.float().T
    alike = (groups[:, None] == groups).fill_diagonal_(False)
    similarities = similarities.masked_fill(alike, -torch.inf)
    partners = torch.arange(len(similarities), device=similarities.device)
    there = functional.cross_entropy(similarities, partners)
    back = functional.cross_entropy(similarities.T, partners)
    return (there + back) / 2
