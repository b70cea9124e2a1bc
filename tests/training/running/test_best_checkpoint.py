"""Which checkpoints a run keeps, which one it ends with, and when it stops early."""

import json
from pathlib import Path

import pytest

from tests.training.running.stages import assert_equal_to_the_bit, stage_tensors
from training.recipe.reading import recipe_from
from training.running.train import TrainResult, train

# A learning rate that is far too high: the first evaluation is the best.
KEYS = {
    "max_steps": 8,
    "learning_rate": 0.3,
    "max_samples": 6,
    "per_device_train_batch_size": 2,
    "val_size": 0.34,
    "eval_strategy": "steps",
    "eval_steps": 1,
    "save_strategy": "steps",
    "save_steps": 1,
    "save_total_limit": 2,
    "load_best_model_at_end": True,
    "early_stopping_patience": 2,
}


@pytest.fixture(scope="module")
def result(small_keys, tmp_path_factory) -> TrainResult:
    out = tmp_path_factory.mktemp("best") / "run"
    return train(recipe_from({**small_keys, **KEYS, "output_dir": str(out)}))


def evaluations(result: TrainResult) -> dict[int, float]:
    return {line["step"]: line["eval_loss"] for line in result.log if "eval_loss" in line}


def test_training_stops_after_two_evaluations_without_a_better_one(result):
    losses = evaluations(result)
    best = min(losses, key=losses.__getitem__)
    assert result.steps == best + 2 < 8


def test_the_stage_is_the_best_checkpoint(result):
    losses = evaluations(result)
    best = result.directory / f"checkpoint-{min(losses, key=losses.__getitem__)}"
    assert result.best_checkpoint == best
    assert_equal_to_the_bit(stage_tensors(result.directory), stage_tensors(best))
    last = stage_tensors(result.directory / f"checkpoint-{result.steps}")
    assert any(not last[name].equal(tensor) for name, tensor in stage_tensors(result.directory).items())


def test_the_best_and_the_newest_checkpoint_are_kept(result):
    kept = {path.name for path in Path(result.directory).glob("checkpoint-*")}
    assert kept == {result.best_checkpoint.name, f"checkpoint-{result.steps}"}


def test_what_the_stage_tells_of_the_run_is_of_the_best_step(result):
    run = json.loads((result.directory / "stage.json").read_text())["run"]
    assert f"checkpoint-{run['steps']}" == result.best_checkpoint.name
    assert run["started_from"] == "builtin:tiny"


def test_what_the_run_was_prepared_with_is_gone(result):
    assert not (result.directory / "base").exists()
