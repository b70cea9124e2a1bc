import math

import pytest
import torch

from training.modeling.losses.lm import lm_loss, predicted_labels


def test_a_label_is_predicted_one_place_earlier():
    predicting, targets = predicted_labels(torch.tensor([[-100, -100, 7, 8], [-100, 5, -100, -100]]))
    assert predicting.tolist() == [[False, True, True, False], [True, False, False, False]]
    assert targets.tolist() == [7, 8, 5]


def test_a_label_of_the_first_token_has_nothing_before_it():
    predicting, targets = predicted_labels(torch.tensor([[3, -100]]))
    assert not predicting.any()
    assert len(targets) == 0


NONE = torch.zeros(0, dtype=torch.long)


def test_ids_that_text_never_holds_have_no_part_in_it():
    logits = torch.tensor([[0.0, 0.0, 50.0, 0.0]], requires_grad=True)
    total, _ = lm_loss(logits, torch.tensor([0]), torch.tensor([2]))
    assert total.item() == pytest.approx(math.log(3))
    total.backward()
    assert logits.grad[0, 2] == 0


def test_it_is_the_sum_of_negative_log_probabilities():
    logits = torch.tensor([[0.0, 0.0, 0.0, 0.0], [math.log(3.0), 0.0, 0.0, -math.inf]])
    total, count = lm_loss(logits, torch.tensor([2, 0]), NONE)
    assert float(total) == pytest.approx(math.log(4) + math.log(5 / 3))
    assert int(count) == 2


def test_without_labels_it_is_zero_and_has_a_gradient():
    logits = torch.zeros(0, 5, requires_grad=True)
    total, count = lm_loss(logits, torch.zeros(0, dtype=torch.long), NONE)
    total.backward()
    assert (total.item(), int(count)) == (0.0, 0)


def test_half_precision_is_computed_in_float32():
    logits = 10 * torch.randn(20, 50, generator=torch.Generator().manual_seed(0)).bfloat16()
    targets = torch.arange(20)
    total, _ = lm_loss(logits, targets, NONE)
    assert total.dtype == torch.float32
    assert torch.equal(total, lm_loss(logits.float(), targets, NONE).total)
