"""`traj`: the head's offset to the proposal against the true one."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from training.modeling.losses.loss_sum import LossSum

TrajectoryLoss = Literal["laplace", "smooth_l1"]
SMOOTH_L1_BETA_M = 1.0


def traj_loss(kind: TrajectoryLoss, offset_m: Tensor, scale_m: Tensor, truth_m: Tensor) -> LossSum:
    """Mean over waypoints and coordinates, sum over samples, in float32.

    `laplace`: the negative log-likelihood log(2 b) + |x - mu| / b, whose scale b is learned with it; as in Zhou et al.,
    "HiVT: Hierarchical Vector Transformer for Multi-Agent Motion Prediction", CVPR 2022, the regression loss.
    `smooth_l1`: d^2 / (2 beta) where d = |x - mu| < beta = 1 m, else d - beta / 2: Girshick, "Fast R-CNN", ICCV 2015,
    equation 3. It trains no scale, so the confidence of the trained model stays as it was.

    Args:
        kind: Which of the two.
        offset_m: mu, [B, T, 2].
        scale_m: b, [B, T].
        truth_m: x, [B, T, 2]: truth minus proposal.
    """
    offset_m, scale_m, truth_m = offset_m.float(), scale_m.float()[..., None], truth_m.float()
    if kind == "laplace":
        each = torch.log(2 * scale_m) + (truth_m - offset_m).abs() / scale_m
    else:
        each = functional.smooth_l1_loss(offset_m, truth_m, beta=SMOOTH_L1_BETA_M, reduction="none")
    return LossSum(each.mean((1, 2)).sum(), torch.tensor(len(each), device=each.device))
