"""Losses of yes-or-no rasters, and how well they are met."""

import torch
from torch import Tensor
from torch.nn import functional

from training.perceiving.training_batch import Labels


def label_loss(logits: Tensor, labels: Labels) -> Tensor:
    """Binary cross-entropy plus dice loss, summed over the C labels of logits [K, C, H, W]; float32.

    Cross-entropy is a mean over the cells that count; the dice loss (Milletari et al., "V-Net", 3DV 2016, with plain
    instead of squared denominators and 1 added above and below) is one of all cells of the batch, so that rare labels
    weigh as much as common ones.
    """
    counted = labels.counted.float()
    wanted = labels.wanted.float() * counted
    logits = logits.float()
    each = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * counted
    cross_entropy = _over_cells(each) / _over_cells(counted).clamp(min=1.0)
    probability = logits.sigmoid() * counted
    met = 2 * _over_cells(probability * wanted) + 1
    dice = 1 - met / (_over_cells(probability) + _over_cells(wanted) + 1)
    return (cross_entropy + dice).sum()


def velocity_loss(predicted_mps: Tensor, velocity_mps: Tensor) -> Tensor:
    """Mean absolute difference of velocities [K, 2, X, Y] over the cells where it is known; 0 where it nowhere is."""
    known = velocity_mps.isfinite()
    difference = (predicted_mps.float() - velocity_mps.nan_to_num()).abs() * known
    return difference.sum() / known.sum().clamp(min=1)


def intersection_and_union(logits: Tensor, labels: Labels) -> Tensor:
    """Cells in which each of the C labels is both predicted (p > 0.5) and true, and either of both; float64 [2, C]."""
    predicted = (logits > 0) & labels.counted
    wanted = labels.wanted & labels.counted
    return torch.stack([_over_cells((predicted & wanted).double()), _over_cells((predicted | wanted).double())])


def _over_cells(values: Tensor) -> Tensor:
    return values.sum((0, 2, 3))
