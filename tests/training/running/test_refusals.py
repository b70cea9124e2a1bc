"""A run that cannot succeed ends before it begins, with the key that is wrong."""

from pathlib import Path

import pytest
import torch

from training.modeling.stage_info import is_stage
from training.recipe.recipe import Recipe
from training.running.run_directory import check_run_directory, checkpoints, prepare_run_directory, resumed_checkpoint
from training.running.starting_point import starting_point
from training.running.train import start_run, train
from waymend.errors import InvalidField


def refusal(recipe: Recipe) -> str:
    with pytest.raises(InvalidField) as raised:
        start_run(recipe)
    return f"{raised.value.field}: {raised.value.expected}"


def test_data_that_is_not_there(small_recipe, tmp_path):
    assert "training data build" in refusal(small_recipe(dataset_dir=str(tmp_path / "nowhere")))


def test_a_split_that_is_not_there(small_recipe):
    assert refusal(small_recipe(train_split="test")).startswith("train_split: one of train")
    assert refusal(small_recipe(eval_split="val")).startswith("eval_split: one of train")


def test_sensor_data_that_has_moved(small_recipe, tmp_path):
    assert refusal(small_recipe(nuscenes_dataroot=str(tmp_path))).startswith("nuscenes_dataroot")


def test_a_data_set_by_another_name(small_recipe):
    assert refusal(small_recipe(dataset="alpaca")) == "dataset: nuscenes_trajectory"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_half_precision_without_a_gpu(small_recipe):
    assert refusal(small_recipe(fp16=True)).startswith("fp16: false on a machine without CUDA")


def test_a_tower_that_the_stage_before_did_not_have(small_recipe, tmp_path):
    recipe = small_recipe(output_dir=str(tmp_path / "first"), max_steps=1, max_samples=2)
    stage = train(recipe).directory
    following = small_recipe(model_name_or_path=str(stage)).model_copy(update={"vision_tower": "some/tower"})
    with pytest.raises(InvalidField, match="vision_tower"):
        starting_point(following, None, lambda action: action())


def test_a_directory_with_another_run_in_it(small_recipe):
    recipe = small_recipe()
    prepare_run_directory(recipe)
    with pytest.raises(InvalidField, match="overwrite_output_dir=true"):
        check_run_directory(recipe)
    check_run_directory(small_recipe(overwrite_output_dir=True))
    check_run_directory(small_recipe(resume_from_checkpoint=True))


def test_the_directory_of_the_stage_that_it_starts_from(small_recipe, tmp_path):
    stage = tmp_path / "run" / "checkpoint-3"
    stage.mkdir(parents=True)
    for source in (stage, stage.parent):
        recipe = small_recipe(model_name_or_path=str(source), overwrite_output_dir=True)
        with pytest.raises(InvalidField, match="output_dir"):
            check_run_directory(recipe)


MARKS = ("training_log.jsonl", "stage.json", "trainer_state.json")


def finished_run(directory: Path) -> None:
    """What a run leaves, less its weights, and two directories of the user's."""
    for name in ("checkpoint-5", "checkpoint-notes", "mine"):
        (directory / name).mkdir(parents=True)
    for name in MARKS:
        (directory / name).touch()


def test_overwriting_takes_out_checkpoints_log_and_what_marks_a_stage_and_nothing_else(small_recipe):
    recipe = small_recipe(overwrite_output_dir=True)
    finished_run(recipe.output_dir)
    assert is_stage(recipe.output_dir)
    prepare_run_directory(recipe)
    assert not is_stage(recipe.output_dir)
    assert {path.name for path in recipe.output_dir.iterdir()} == {"checkpoint-notes", "mine", "recipe.yaml"}


def test_going_on_keeps_all_that_is_there(small_recipe):
    recipe = small_recipe(resume_from_checkpoint=True, overwrite_output_dir=True)
    finished_run(recipe.output_dir)
    prepare_run_directory(recipe)
    kept = {"checkpoint-5", "checkpoint-notes", "mine", "recipe.yaml", *MARKS}
    assert {path.name for path in recipe.output_dir.iterdir()} == kept


def test_the_newest_complete_checkpoint_is_taken(small_recipe):
    recipe = small_recipe(resume_from_checkpoint=True)
    for step, files in (
        (9, "stage.json trainer_state.json"),
        (10, "stage.json trainer_state.json"),
        (11, "stage.json"),
    ):
        for name in files.split():
            path = recipe.output_dir / f"checkpoint-{step}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    assert [path.name for path in checkpoints(recipe.output_dir)] == ["checkpoint-9", "checkpoint-10"]
    assert resumed_checkpoint(recipe) == recipe.output_dir / "checkpoint-10"
    assert resumed_checkpoint(small_recipe()) is None
    assert resumed_checkpoint(small_recipe(resume_from_checkpoint=str(Path(recipe.output_dir) / "checkpoint-9"))) == (
        recipe.output_dir / "checkpoint-9"
    )
