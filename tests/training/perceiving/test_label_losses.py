"""Losses and overlaps of rasters, by hand."""

import math

import pytest
import torch

from training.perceiving.label_losses import intersection_and_union, label_loss, velocity_loss
from training.perceiving.training_batch import Labels

WANTED = torch.tensor([[[[True, False], [False, False]]]])
ALL = torch.ones_like(WANTED)


def logits(*probabilities: float) -> torch.Tensor:
    return torch.tensor(probabilities).logit().view(1, 1, 2, 2)


def test_loss_is_cross_entropy_plus_dice():
    cross_entropy = -(math.log(0.8) + math.log(0.9) + 2 * math.log(0.5)) / 4
    dice = 1 - (2 * 0.8 + 1) / (0.8 + 0.1 + 0.5 + 0.5 + 1 + 1)
    loss = label_loss(logits(0.8, 0.1, 0.5, 0.5), Labels(WANTED, ALL))
    assert float(loss) == pytest.approx(cross_entropy + dice, rel=1e-6)


def test_labels_add_up():
    one = label_loss(logits(0.8, 0.1, 0.5, 0.5), Labels(WANTED, ALL))
    twice = logits(0.8, 0.1, 0.5, 0.5).repeat(1, 2, 1, 1), Labels(WANTED.repeat(1, 2, 1, 1), ALL.repeat(1, 2, 1, 1))
    assert float(label_loss(*twice)) == pytest.approx(2 * float(one))


def test_what_does_not_count_neither_costs_nor_pulls():
    counted = torch.tensor([[[[True, True], [False, False]]]])
    values = logits(0.8, 0.1, 0.99, 0.01).requires_grad_()
    loss = label_loss(values, Labels(WANTED, counted))
    loss.backward()
    dice = 1 - (2 * 0.8 + 1) / (0.8 + 0.1 + 1 + 1)
    assert float(loss.detach()) == pytest.approx(-(math.log(0.8) + math.log(0.9)) / 2 + dice, rel=1e-6)
    assert values.grad is not None
    assert (values.grad[0, 0] != 0).tolist() == [[True, True], [False, False]]
    assert float(label_loss(values.detach(), Labels(WANTED, torch.zeros_like(ALL)))) == 0.0


def test_velocity_counts_where_it_is_known():
    known = torch.tensor([[[[2.0, torch.nan]], [[0.0, torch.nan]]]])
    assert float(velocity_loss(torch.ones(1, 2, 1, 2), known)) == 1.0
    assert float(velocity_loss(torch.ones(1, 2, 1, 2), torch.full_like(known, torch.nan))) == 0.0


def test_overlap_is_counted_over_known_cells():
    both, either = intersection_and_union(logits(0.9, 0.9, 0.1, 0.9), Labels(WANTED, ALL))
    assert (both.tolist(), either.tolist()) == ([1.0], [3.0])
    counted = torch.tensor([[[[True, False], [True, False]]]])
    both, either = intersection_and_union(logits(0.9, 0.9, 0.1, 0.9), Labels(WANTED, counted))
    assert (both.tolist(), either.tolist()) == ([1.0], [1.0])
