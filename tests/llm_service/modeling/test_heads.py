"""The head's numbers, their meaning, and their way through the logits."""

import numpy as np
import pytest
import torch

from llm_service.modeling.channel import CHANNEL_OFFSET, numbers_from_logits
from llm_service.modeling.heads import ModalityProjector, TrajectoryHead, split_numbers


def test_scale_is_the_exponential_of_the_third_number_within_limits():
    numbers = torch.tensor([[0.1, -0.2, 0.0], [1.0, 2.0, 10.0], [0.0, 0.0, -10.0]])
    offset_m, scale_m = split_numbers(numbers)
    assert offset_m.tolist() == numbers[:, :2].tolist()
    assert scale_m.tolist() == pytest.approx([1.0, 20.0, 0.05])


def test_the_head_stays_in_float32_on_a_bfloat16_model():
    head = TrajectoryHead(32, 6)
    numbers = head(torch.randn(2, 32).bfloat16())
    assert numbers.shape == (2, 6, 3)
    assert numbers.dtype == torch.float32


def test_numbers_come_back_from_float32_logits_to_a_tenth_of_a_millimetre():
    numbers = np.random.default_rng(0).uniform(-60, 60, (6, 3))
    logits = (torch.from_numpy(numbers).float() - CHANNEL_OFFSET).flatten().tolist()
    np.testing.assert_allclose(numbers_from_logits(logits), numbers, rtol=0, atol=1e-4)


def test_plan_features_keep_their_magnitude_and_learned_embeddings_do_not():
    torch.manual_seed(0)
    features = torch.randn(3, 20)
    for normalise in (True, False):
        projector = ModalityProjector(20, 16, normalise)
        same = torch.allclose(projector(features), projector(3 * features), atol=1e-4)
        assert same is normalise
