"""Two processes train as one does with the same samples per step."""

import pytest
import torch

from tests.training.running.ranks import train_in_ranks
from tests.training.running.stages import stage_tensors
from training.recipe.reading import recipe_from
from training.running.plot import read_log
from training.running.train import train

# 54 samples to train on: three steps stay clear of the epoch's end, which accelerate fills up with samples again.
# 30 samples to evaluate on, one at a time: one of two ranks needs a filler.
KEYS = {
    "max_steps": 3,
    "lora_dropout": 0.0,
    "modality_dropout": 0.3,
    "optim": "sgd",
    "learning_rate": 1e-2,
    "val_size": 0.34,
    "eval_strategy": "steps",
    "eval_steps": 3,
}


@pytest.fixture(scope="module")
def runs(small_keys, tmp_path_factory):
    """Directories and logs of one process with 8 samples a step, and of two with 4 each."""
    root = tmp_path_factory.mktemp("ranks")
    one = recipe_from({**small_keys, **KEYS, "output_dir": str(root / "one"), "per_device_train_batch_size": 8})
    two = {"output_dir": root / "two", "per_device_train_batch_size": 2, "gradient_accumulation_steps": 2}
    (root / "two.yaml").write_text(one.model_copy(update=two).resolved_yaml(), encoding="utf-8")
    train(one)
    train_in_ranks(root / "two.yaml", ranks=2)
    return {name: (stage_tensors(root / name), read_log(root / name)) for name in ("one", "two")}


def test_losses_of_every_step_are_equal(runs):
    (_, one), (_, two) = runs["one"], runs["two"]
    steps = [[line for line in log if "loss" in line] for log in (one, two)]
    assert [line["step"] for line in steps[1]] == [1, 2, 3]
    for first, second in zip(*steps, strict=True):
        losses = {name: value for name, value in first.items() if name.startswith("loss") or name == "grad_norm"}
        assert {name: second[name] for name in losses} == pytest.approx(losses, rel=2e-4)


def test_weights_are_equal_after_three_steps(runs):
    (one, _), (two, _) = runs["one"], runs["two"]
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        assert torch.allclose(two[name], tensor, rtol=1e-4, atol=1e-6), name


def test_evaluation_counts_each_sample_once_however_many_ranks_there_are(runs):
    metrics = []
    for _, log in runs.values():
        (line,) = [line for line in log if "eval_loss" in line]
        metrics.append({name: value for name, value in line.items() if "loss" in name or "_l2_" in name})
    assert len(metrics[0]) == 8
    assert metrics[1] == pytest.approx(metrics[0], rel=2e-4)
