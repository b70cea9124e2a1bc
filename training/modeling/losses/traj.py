"""`traj`: the head's offset to the proposal against the true one."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from training.modeling.losses.loss_sum import LossSum

TrajectoryLoss = Literal["laplace", "smooth_l1"]
SMOOTH_L1_BETA_M = 1.0
GOOD_PLAN_M = 0.3
_LEAST_SQUARE_M2 = 1e-6
"""Below a millimetre a distance has no gradient."""


def traj_loss(
    kind: TrajectoryLoss,
    offset_m: Tensor,
    scale_m: Tensor,
    truth_m: Tensor,
    *,
    error_weight: float = 0.0,
    harm_weight: float = 0.0,
) -> LossSum:
    """Mean over waypoints and coordinates, sum over samples, in float32.

    `laplace`: the negative log-likelihood log(2 b) + |x - mu| / b, whose scale b is learned with it; as in Zhou et al.,
    "HiVT: Hierarchical Vector Transformer for Multi-Agent Motion Prediction", CVPR 2022, the regression loss.
    `smooth_l1`: d^2 / (2 beta) where d = |x - mu| < beta = 1 m, else d - beta / 2: Girshick, "Fast R-CNN", ICCV 2015,
    equation 3. It trains no scale, so the confidence of the trained model stays as it was.
    To either, `error_weight` times a is added, a being the mean distance of the correction from the truth, metres: a
    likelihood cares little for what is hard to foretell. And `harm_weight` times max(0, a - p) / (p + 0.3 m), p being
    the proposal's mean distance: the share by which a correction makes its proposal worse, which counts most where the
    proposal was good.

    Args:
        kind: Which of the two.
        offset_m: mu, [B, T, 2].
        scale_m: b, [B, T].
        truth_m: x, [B, T, 2]: truth minus proposal.
        error_weight: Of the mean distance from the truth.
        harm_weight: Of what a correction makes worse.
    """
    offset_m, scale_m, truth_m = offset_m.float(), scale_m.float()[..., None], truth_m.float()
    if kind == "laplace":
        each = torch.log(2 * scale_m) + (truth_m - offset_m).abs() / scale_m
    else:
        each = functional.smooth_l1_loss(offset_m, truth_m, beta=SMOOTH_L1_BETA_M, reduction="none")
    total = each.mean((1, 2)).sum()
    if error_weight or harm_weight:
        after_m, before_m = _error(truth_m - offset_m), truth_m.norm(dim=-1).mean(-1)
        harm = (after_m - before_m).relu() / (before_m + GOOD_PLAN_M)
        total = total + (error_weight * after_m + harm_weight * harm).sum()
    return LossSum(total, torch.tensor(len(each), device=each.device))


def _error(away_m: Tensor) -> Tensor:
    """Mean distance [B] of waypoints that are [B, T, 2] away."""
    return away_m.square().sum(-1).clamp(min=_LEAST_SQUARE_M2).sqrt().mean(-1)
