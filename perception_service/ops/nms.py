"""Non-maximum suppression: of boxes that overlap too much, the one with the highest score stays."""

import torch
from torch import Tensor

from perception_service.ops.rotated_iou import rotated_iou


def rotated_nms(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """Indices of the boxes that stay, best first, int64 [K].

    Args:
        boxes: [N, 5], as in `rotated_iou`.
        scores: [N].
        threshold: Intersection over union above which the lesser box goes.
    """
    return _greedy(rotated_iou(boxes, boxes) > threshold, scores)


def circle_nms(centres_m: Tensor, scores: Tensor, radius_m: float) -> Tensor:
    """Indices of the boxes that stay, best first, int64 [K] (Yin et al., "CenterPoint", CVPR 2021, section 4).

    As in CenterPoint's code, `radius_m` is compared with the SQUARED distance of two centres.

    Args:
        centres_m: [N, 2].
        scores: [N].
        radius_m: Squared distance (m^2) up to which the lesser box goes.
    """
    squared = (centres_m[:, None] - centres_m).square().sum(-1)
    return _greedy(squared <= radius_m, scores)


def _greedy(suppresses: Tensor, scores: Tensor) -> Tensor:
    order = torch.argsort(scores, descending=True, stable=True)
    table = suppresses[order][:, order].cpu()
    alive = torch.ones(len(order), dtype=torch.bool)
    for best in range(len(order)):
        if alive[best]:
            alive[best + 1 :] &= ~table[best, best + 1 :]
    return order[alive.to(order.device)]
