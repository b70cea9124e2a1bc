"""Two processes train as one does with the same samples per step."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.training.running.ranks import train_in_ranks
from tests.training.running.stages import stage_tensors
from training.modeling.settings import CorrectorSettings, LoraSettings
from training.modeling.stage_checkpoint import load_stage
from training.recipe.reading import recipe_from
from training.running.plot import read_log
from training.running.train import train

# 28 samples to train on: three steps stay clear of the epoch's end, which accelerate fills up with samples again.
# 17 samples to evaluate on, one at a time: one of two ranks needs a filler.
KEYS = {
    "max_samples": 45,
    "max_steps": 3,
    "lora_dropout": 0.0,
    "modality_dropout": 0.3,
    "optim": "sgd",
    "learning_rate": 1e-2,
    "val_size": 0.34,
    "eval_strategy": "steps",
    "eval_steps": 3,
}


@dataclass(frozen=True)
class Outcome:
    """Of a run."""

    directory: Path
    tensors: dict[str, Tensor]
    log: list[dict[str, Any]]

    @classmethod
    def of(cls, directory: Path) -> "Outcome":
        return cls(directory, stage_tensors(directory), read_log(directory))


@pytest.fixture(scope="module")
def one(small_keys, tmp_path_factory) -> Outcome:
    """One process with 8 samples a step."""
    out = tmp_path_factory.mktemp("one") / "run"
    train(recipe_from({**small_keys, **KEYS, "output_dir": str(out), "per_device_train_batch_size": 8}))
    return Outcome.of(out)


@pytest.fixture(scope="module")
def two(small_keys, tmp_path_factory) -> Outcome:
    """Two processes with 4 samples each."""
    root = tmp_path_factory.mktemp("two")
    keys = {"output_dir": str(root / "run"), "per_device_train_batch_size": 2, "gradient_accumulation_steps": 2}
    recipe = recipe_from({**small_keys, **KEYS, **keys})
    (root / "recipe.yaml").write_text(recipe.resolved_yaml(), encoding="utf-8")
    train_in_ranks(root / "recipe.yaml", ranks=2)
    return Outcome.of(root / "run")


def test_losses_of_every_step_are_equal(one, two):
    steps = [[line for line in run.log if "loss" in line] for run in (one, two)]
    assert [line["step"] for line in steps[1]] == [1, 2, 3]
    for first, second in zip(*steps, strict=True):
        losses = {name: value for name, value in first.items() if name.startswith("loss") or name == "grad_norm"}
        assert {name: second[name] for name in losses} == pytest.approx(losses, rel=2e-4)


def test_weights_are_equal_after_three_steps(one, two):
    assert one.tensors.keys() == two.tensors.keys()
    for name, tensor in one.tensors.items():
        assert torch.allclose(two.tensors[name], tensor, rtol=1e-4, atol=1e-6), name


def test_the_stage_loads_to_the_bit(two):
    corrector = load_stage(two.directory, CorrectorSettings(lora=LoraSettings(dropout=0.0)))
    stored = load_file(two.directory / "perception/model.safetensors")
    assert stored.keys() == corrector.perception.state_dict().keys()
    assert all(torch.equal(tensor, stored[name]) for name, tensor in corrector.perception.state_dict().items())


def test_evaluation_counts_each_sample_once_however_many_ranks_there_are(one, two):
    metrics = []
    for run in (one, two):
        (line,) = [line for line in run.log if "eval_loss" in line]
        metrics.append({name: value for name, value in line.items() if "loss" in name or "_l2_" in name})
    assert len(metrics[0]) == 8
    assert metrics[1] == pytest.approx(metrics[0], rel=2e-4)
