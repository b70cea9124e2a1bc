"""The whole detector, sparse encoder included, learns on a CPU."""

import copy

import pytest
import torch

from perception_service.models.bevfusion.transfusion_losses import BoxTargets
from perception_service.models.perception_model import PerceptionModel
from perception_service.preprocessing import bevfusion_inputs
from tests.perception_service.models.bevfusion.complete_model import complete_config

CAR = [3.0, -4.0, -1.0, 4.5, 1.9, 1.6, 0.7, 2.0, 1.0]
BRANCHES = (
    "img_backbone",
    "img_neck",
    "view_transform",
    "pts_middle_encoder",
    "fusion_layer",
    "pts_backbone",
    "bbox_head",
)


@pytest.fixture
def detector_and_inputs(make_scene):
    torch.manual_seed(0)
    model = PerceptionModel.from_config(complete_config())
    return model.bevfusion.train(), bevfusion_inputs(make_scene(), model.config)


def total_loss(detector, inputs) -> torch.Tensor:
    targets = [BoxTargets(torch.tensor([CAR]), torch.tensor([0]))]
    return torch.stack([value for name, value in detector.loss(inputs, targets).items() if "loss" in name]).sum()


def test_three_steps_reach_every_branch_and_lower_the_loss(detector_and_inputs):
    detector, inputs = detector_and_inputs
    optimiser = torch.optim.AdamW(detector.parameters(), lr=1e-3)
    losses = []
    for _ in range(3):
        loss = total_loss(detector, inputs)
        optimiser.zero_grad()
        loss.backward()
        for branch in BRANCHES:
            gradients = [p.grad for p in getattr(detector, branch).parameters() if p.grad is not None]
            assert any(gradient.abs().sum() > 0 for gradient in gradients), branch
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[2] < losses[0]


def test_gradient_checkpointing_changes_no_gradient(detector_and_inputs):
    kept, inputs = detector_and_inputs
    recomputed = copy.deepcopy(kept)
    recomputed.gradient_checkpointing = True
    for detector in (kept, recomputed):
        torch.manual_seed(1)
        total_loss(detector, inputs).backward()
    for (name, first), second in zip(kept.named_parameters(), recomputed.parameters(), strict=True):
        assert (first.grad is None) == (second.grad is None), name
        if first.grad is not None:
            torch.testing.assert_close(second.grad, first.grad, rtol=1e-3, atol=1e-5, msg=name)
