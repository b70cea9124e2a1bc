"""A run that goes on from a checkpoint ends where an uninterrupted one does, to the bit."""

import json
import shutil
from pathlib import Path

import pytest

from tests.training.running.stages import assert_equal_to_the_bit, stage_tensors
from training.recipe.reading import recipe_from
from training.running.run_directory import LOG_FILE
from training.running.train import train
from waymend.errors import InvalidField

# Four steps an epoch, the last of one micro-batch: step 5 lies within the second epoch.
KEYS = {
    "max_steps": 10,
    "max_samples": 7,
    "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": 2,
    "lora_dropout": 0.1,
    "modality_dropout": 0.3,
    "lr_scheduler_type": "cosine",
    "warmup_steps": 2,
    "save_strategy": "steps",
    "save_steps": 5,
}


@pytest.fixture(scope="module")
def uninterrupted(small_keys, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("uninterrupted") / "run"
    train(recipe_from({**small_keys, **KEYS, "output_dir": str(out)}))
    return out


def test_ten_steps_are_five_and_five(uninterrupted, small_recipe, tmp_path):
    interrupted = tmp_path / "run"
    shutil.copytree(uninterrupted / "checkpoint-5", interrupted / "checkpoint-5")
    shutil.copy(uninterrupted / LOG_FILE, interrupted)
    result = train(small_recipe(**KEYS, resume_from_checkpoint=True))
    assert result.steps == 10
    assert_equal_to_the_bit(stage_tensors(interrupted), stage_tensors(uninterrupted))
    assert _losses(interrupted) == _losses(uninterrupted)


def test_training_moves_what_trains_after_the_checkpoint(uninterrupted):
    before, after = stage_tensors(uninterrupted / "checkpoint-5"), stage_tensors(uninterrupted)
    changed = {name for name in after if not before[name].equal(after[name])}
    assert any("adapter" in name for name in changed)
    assert any("perception" in name for name in changed)
    assert not any("bevfusion" in name for name in changed)


def test_the_newest_checkpoint_is_a_stage_of_its_own(uninterrupted):
    assert_equal_to_the_bit(stage_tensors(uninterrupted / "checkpoint-10"), stage_tensors(uninterrupted))


def test_resuming_without_a_checkpoint_is_refused(small_recipe):
    with pytest.raises(InvalidField, match="resume_from_checkpoint"):
        train(small_recipe(**KEYS, resume_from_checkpoint=True))


def test_an_incomplete_checkpoint_is_not_taken(uninterrupted, small_recipe, tmp_path):
    partial = tmp_path / "checkpoint-5"
    shutil.copytree(uninterrupted / "checkpoint-5", partial)
    (partial / "trainer_state.json").unlink()
    with pytest.raises(InvalidField, match="complete checkpoint"):
        train(small_recipe(**KEYS, resume_from_checkpoint=str(partial)))


def _losses(run: Path) -> list[tuple[int, float, float]]:
    lines = [json.loads(line) for line in (run / LOG_FILE).read_text().splitlines()]
    return [(line["step"], line["loss"], line["grad_norm"]) for line in lines if "loss" in line]
