"""Several micro-batches make the gradient of one big batch."""

import pytest
import torch

from tests.training.running.stages import first_gradients
from training.recipe.reading import recipe_from
from training.running.train import start_run

STEP = {"max_steps": 1, "max_grad_norm": 0.0, "lora_dropout": 0.0, "modality_dropout": 0.3}


@pytest.fixture(scope="module")
def one_batch(small_keys, tmp_path_factory):
    out = str(tmp_path_factory.mktemp("one") / "run")
    return first_gradients(recipe_from({**small_keys, **STEP, "output_dir": out, "per_device_train_batch_size": 8}))


@pytest.mark.parametrize("micro_batch", [2, 1])
def test_gradients_of_accumulated_micro_batches_are_those_of_one_batch(small_recipe, one_batch, micro_batch):
    keys = {**STEP, "per_device_train_batch_size": micro_batch, "gradient_accumulation_steps": 8 // micro_batch}
    gradients, line = first_gradients(small_recipe(**keys))
    whole, whole_line = one_batch
    assert gradients.keys() == whole.keys()
    for name, gradient in whole.items():
        # Where all samples look alike, a contrastive gradient is a small difference of large numbers, most of all in
        # the heads that see the differences alone.
        close = 5e-3 if name.startswith("alignment.") else 5e-4
        assert (gradients[name] - gradient).norm() < close * gradient.norm().clamp(min=0.1), name
    losses = {name: value for name, value in whole_line.items() if name.startswith("loss")}
    assert len(losses) == 6
    assert {name: line[name] for name in losses} == pytest.approx(losses, rel=1e-4)


def test_a_step_of_many_key_frames_has_no_two_proposals_of_one(small_recipe):
    """Nine key frames with nine proposals or so each, in steps of four micro-batches of two."""
    trainer = start_run(small_recipe(**STEP, per_device_train_batch_size=2, gradient_accumulation_steps=4)).trainer
    batches = [batch["keyframe"] for batch in trainer.get_train_dataloader()]
    steps = [torch.cat(batches[start : start + 4]) for start in range(0, len(batches), 4)]
    assert len(steps) > 5
    assert all(len(step.unique()) == 8 for step in steps[:5])


def test_every_part_that_trains_gets_a_gradient(one_batch):
    gradients, _ = one_batch
    parts = (
        "perception.image_tokens",
        "perception.bev_tokens",
        "perception.vector_tokens",
        "alignment",
        "llm.projectors",
    )
    for part in (*parts, "llm.trajectory_head", "llm.model"):
        assert any(name.startswith(part) and torch.any(gradient != 0) for name, gradient in gradients.items()), part
