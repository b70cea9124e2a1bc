"""The head's numbers, their meaning, and their way through the logits."""

import numpy as np
import pytest
import torch

from llm_service.modeling.channel import CHANNEL_OFFSET, numbers_from_logits
from llm_service.modeling.heads import UNIT_MPS, PlanProjector, SceneProjector, TrajectoryHead, split_numbers


def test_scale_is_the_exponential_of_the_third_number_within_limits():
    numbers = torch.tensor([[0.1, -0.2, 0.0], [1.0, 2.0, 10.0], [0.0, 0.0, -10.0]])
    offset_m, scale_m = split_numbers(numbers)
    assert offset_m.tolist() == numbers[:, :2].tolist()
    assert scale_m.tolist() == pytest.approx([1.0, 20.0, 0.05])


def test_the_head_stays_in_float32_on_a_bfloat16_model():
    head = TrajectoryHead(32, 6, 0.5)
    numbers = head(torch.randn(2, 32).bfloat16())
    assert numbers.shape == (2, 6, 3)
    assert numbers.dtype == torch.float32


def test_numbers_come_back_from_float32_logits_to_a_tenth_of_a_millimetre():
    numbers = np.random.default_rng(0).uniform(-60, 60, (6, 3))
    logits = (torch.from_numpy(numbers).float() - CHANNEL_OFFSET).flatten().tolist()
    np.testing.assert_allclose(numbers_from_logits(logits), numbers, rtol=0, atol=1e-4)


def test_the_same_hidden_state_moves_later_waypoints_farther():
    head = TrajectoryHead(32, 3, 0.5)
    with torch.no_grad():
        head.output.weight.zero_()
        head.output.bias.copy_(torch.tensor([1.0, -1.0, 0.0]).repeat(3))
    offset_m, scale_m = split_numbers(head(torch.zeros(32)))
    unit_m = [UNIT_MPS * time_s for time_s in (0.5, 1.0, 1.5)]
    assert offset_m[:, 0].tolist() == pytest.approx(unit_m)
    assert offset_m[:, 1].tolist() == pytest.approx([-unit for unit in unit_m])
    assert scale_m.tolist() == pytest.approx(unit_m)


def test_plan_features_keep_their_magnitude_and_learned_embeddings_do_not():
    torch.manual_seed(0)
    features = torch.randn(3, 20)
    for kind, same in ((SceneProjector, True), (PlanProjector, False)):
        projector = kind(20, 16)
        assert torch.allclose(projector(features), projector(3 * features), atol=1e-4) is same
