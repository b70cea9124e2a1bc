"""The model card says what the run's files say, and that the rest is unknown."""

import json
import shutil
from dataclasses import replace

import pytest

from training.exporting.model_card import ExportFacts, model_card
from training.exporting.run_record import read_chain, read_stage_record
from training.modeling.base_reference import BaseReference
from training.modeling.stage_info import StageInfo
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

FACTS = ExportFacts("mine", "2.1", Horizon(), adapter=False, merged=True, served_dtype="float32")


@pytest.fixture
def run(tmp_path):
    """An SFT run that went on from a pretraining run, by its small files."""
    write_stage(tmp_path / "pretrain", "pretrain", {"steps": 40, "started_from": "builtin:tiny"})
    (tmp_path / "data").mkdir()
    summary = {"scenes": {"train": 8, "val": 1}, "conversations": {"train": 900, "val": 100}}
    (tmp_path / "data/summary.json").write_text(json.dumps(summary))
    notes = {
        "steps": 20,
        "started_from": str(tmp_path / "pretrain"),
        "dataset_dir": str(tmp_path / "data"),
        "train_samples": 512,
    }
    write_stage(tmp_path / "sft", "sft", notes)
    (tmp_path / "sft/recipe.yaml").write_text("modality_dropout: 0.1\n")
    write_log(
        tmp_path / "sft",
        {"step": 10, "loss": 3.0, "loss_lm": 2.5, "loss_traj": 0.5},
        {"step": 20, "loss": 1.5, "loss_lm": 1.25},
        {"step": 20, "eval_loss": 1.75, "eval_l2_before_m": 1.2, "eval_l2_after_m": 0.8},
        {"step": 30, "loss": 9.0},
    )
    return tmp_path / "sft"


def write_stage(directory, stage, notes, modalities=("image", "bev", "vector")):
    directory.mkdir()
    StageInfo(BaseReference.of("builtin:tiny"), stage, "lora", modalities, notes).write(directory)


def write_log(directory, *entries):
    lines = [json.dumps(entry) for entry in entries]
    (directory / "training_log.jsonl").write_text("\n".join([*lines, '{"step": 31, "lo']))


def test_stages_with_steps_and_last_losses(run):
    card = model_card(FACTS, read_chain(run))
    assert "# mine 2.1" in card
    assert "| pretrain | lora | 40 | unknown |" in card
    assert "| sft | lora | 20 | loss 1.5, loss_lm 1.25, loss_traj 0.5 |" in card
    assert (
        "on samples that it was not trained on in this stage: eval_loss 1.75, eval_l2_before_m 1.2, eval_l2_after_m 0.8"
        in card
    )


def test_stages_of_one_kind_are_told_apart_by_the_names_of_their_runs(run):
    write_stage(run.parent / "words", "sft", {"steps": 30, "started_from": str(run)})
    (run.parent / "words/recipe.yaml").write_text("output_dir: saves/words\n")
    card = model_card(FACTS, read_chain(run.parent / "words"))
    assert "| sft `words` | lora | 30 | unknown |" in card
    assert "- sft `words`: unknown" in card
    assert "None was made in the run. `python -m training eval` measures" in card


def test_what_was_logged_after_the_steps_of_a_best_checkpoint_does_not_count(run):
    assert read_stage_record(run).logged["loss"] == 1.5


def test_base_data_and_modalities(run):
    card = model_card(FACTS, read_chain(run))
    assert "- `builtin:tiny`, revision unknown\n- 1.8 million parameters" in card
    assert "train: 8 scenes, 900 conversations" in card
    assert "samples that were trained on: 512" in card
    assert "- pretrain: unknown" in card
    assert (
        "Trained with: image, bev, vector.\nEach was left out at random with probability 0.1 in the last stage." in card
    )
    assert "nuScenes Terms of Use" in card


@pytest.fixture
def procedural(tmp_path):
    """A chain like that of `training/default.mk`, by its small files: both perception trainings, then two stages."""
    for name, scene in (("drives", "procedural-7-1"), ("logs", "scene-0061")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "splits.json").write_text(json.dumps({"train": [scene, "procedural-8-2"], "val": []}))
    encoders = tmp_path / "encoders"
    encoders.mkdir()
    for name in ("recipe.json", "forecast.json"):
        (encoders / name).write_text(json.dumps({"settings": {"data": str(tmp_path / "drives")}}))
    start = "builtin:tiny"
    for stage, perception in (("pretrain", encoders), ("sft", tmp_path / "pretrain/perception")):
        notes = {"steps": 1, "started_from": start, "dataset_dir": str(tmp_path / "drives")}
        write_stage(tmp_path / stage, stage, notes)
        write_recipe(tmp_path / stage, perception=str(perception))
        start = str(tmp_path / stage)
    return tmp_path


def write_recipe(directory, **keys):
    defaults = {"bevfusion_checkpoint_path": None, "vision_tower": None}
    (directory / "recipe.yaml").write_text(json.dumps(defaults | keys))


def claims_procedural(root) -> bool:
    card = model_card(FACTS, read_chain(root / "sft"))
    claimed = "alone, which carry no third-party rights" in card
    assert ("nuScenes Terms of Use" in card) is not claimed
    return claimed


def test_procedural_drives_alone_carry_no_third_party_rights(procedural):
    assert claims_procedural(procedural)


@pytest.mark.parametrize("perception", ["tiny", "bevfusion_voxel0075"])
def test_random_encoders_are_nobody_s(procedural, perception):
    write_recipe(procedural / "pretrain", perception=perception)
    assert claims_procedural(procedural)


def log_of_a_vehicle(root):
    shutil.copy(root / "logs/splits.json", root / "drives/splits.json")


def encoders_of_logs(root):
    (root / "encoders/forecast.json").write_text(json.dumps({"settings": {"data": str(root / "logs")}}))


def get_prior(root, data, perception=None):
    (root / "prior").mkdir()
    told = {"data": [str(root / data)], "perception": perception and str(root / perception)}
    (root / "prior/motion.json").write_text(json.dumps({"settings": told}))
    write_recipe(root / "sft", perception=str(root / "pretrain/perception"), motion_prior=str(root / "prior"))


@pytest.mark.parametrize("perception", [None, "pretrain/perception"])
def test_a_motion_prior_of_such_drives_is_as_free(procedural, perception):
    (procedural / "pretrain/perception").mkdir(exist_ok=True)
    (procedural / "pretrain/perception/config.json").touch()
    get_prior(procedural, "drives", perception)
    assert claims_procedural(procedural)
    assert f"- motion prior: `{procedural / 'drives'}`" in model_card(FACTS, read_chain(procedural / "sft"))


@pytest.mark.parametrize(("data", "free"), [("drives", True), ("logs", False)])
def test_networks_for_an_evaluation_are_named_and_as_free_as_their_data(procedural, data, free):
    (procedural / "controls").mkdir()
    told = {"settings": {"data": [str(procedural / "drives"), str(procedural / data)]}}
    (procedural / "controls/controls.json").write_text(json.dumps(told))
    card = model_card(replace(FACTS, controls=procedural / "controls"), read_chain(procedural / "sft"))
    assert f"- controls of an evaluation: `{procedural / 'drives'}`, `{procedural / data}`" in card
    assert ("alone, which carry no third-party rights" in card) is free


FOREIGN = {
    "a motion prior that learned from logs": lambda root: get_prior(root, "logs"),
    "a motion prior that sees through another encoder": lambda root: get_prior(root, "drives", "encoders"),
    "a motion prior that does not tell": lambda root: write_recipe(root / "sft", motion_prior=str(root)),
    "a scene of a log": log_of_a_vehicle,
    "a stage that is gone": lambda root: shutil.rmtree(root / "pretrain"),
    "a recipe that is gone": lambda root: (root / "pretrain/recipe.yaml").unlink(),
    "encoders that are gone": lambda root: shutil.rmtree(root / "encoders"),
    "converted encoders": lambda root: (root / "encoders/recipe.json").unlink(),
    "encoders that learned from logs": encoders_of_logs,
    "encoders that do not tell": lambda root: (root / "encoders/recipe.json").write_text("{}"),
    "a checkpoint": lambda root: write_recipe(
        root / "pretrain", perception="tiny", bevfusion_checkpoint_path="bev.pth"
    ),
    "a vision tower": lambda root: write_recipe(root / "pretrain", perception="tiny", vision_tower="some/tower"),
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN)
def test_what_others_may_have_made_is_not_called_procedural(procedural, change):
    change(procedural)
    assert not claims_procedural(procedural)


def test_a_run_that_told_nothing_gets_a_card_that_claims_nothing(tmp_path):
    write_stage(tmp_path / "bare", "sft", {})
    card = model_card(FACTS, read_chain(tmp_path / "bare"))
    assert "- Trained: unknown: the run did not record its steps." in card
    assert "| sft | lora | unknown | unknown |" in card
    assert "was not recorded beyond the base model" in card
    assert "- sft: unknown" in card
    assert "- Against the trained stage: not measured." in card
    assert "$" not in card


def test_a_stage_before_that_is_gone_is_named(run):
    shutil.rmtree(run.parent / "pretrain")
    card = model_card(FACTS, read_chain(run))
    assert "| pretrain |" not in card
    assert f"The first of these stages began with `{run.parent / 'pretrain'}`, which was not there to be read." in card


def test_an_ablation_says_what_it_was_trained_without(tmp_path):
    write_stage(tmp_path / "vision", "sft", {"steps": 1}, modalities=("image",))
    card = model_card(FACTS, read_chain(tmp_path / "vision"))
    assert "Trained with: image." in card
    assert "- Trained without bev, vector: the contract has no such tokens" in card


def test_a_checkpoint_finds_the_recipe_of_its_run(run):
    write_stage(run / "checkpoint-10", "sft", {"steps": 10})
    (run / "checkpoint-10/trainer_state.json").write_text('{"global_step": 10, "log_history": [{"loss": 3.0}]}')
    record = read_stage_record(run / "checkpoint-10")
    assert (record.steps, record.recipe["modality_dropout"], record.logged) == (10, 0.1, {"loss": 3.0})


def test_a_broken_stage_file_is_named(run):
    (run / "stage.json").write_text('{"format": 1}')
    with pytest.raises(InvalidField, match=r"stage\.json"):
        read_chain(run)


def test_what_was_trained_with_fewer_cameras_says_so(run):
    (run / "recipe.yaml").write_text("num_camera_views: 6\n")
    assert "Trained without the cameras" not in model_card(FACTS, read_chain(run))
    (run / "recipe.yaml").write_text("num_camera_views: 4\n")
    assert "Trained without the cameras CAM_BACK_LEFT, CAM_BACK_RIGHT" in model_card(FACTS, read_chain(run))


def test_a_stage_that_reads_no_sensors_lacks_no_camera(tmp_path):
    write_stage(tmp_path / "vector", "sft", {"steps": 1}, modalities=("vector",))
    (tmp_path / "vector/recipe.yaml").write_text("num_camera_views: 1\n")
    assert "Trained without the cameras" not in model_card(FACTS, read_chain(tmp_path / "vector"))


def test_what_was_trained_on_a_quantised_base_says_so(run):
    assert "4 bits" not in model_card(FACTS, read_chain(run))
    (run / "recipe.yaml").write_text("quantization_bit: 4\n")
    assert "Trained on a base held in 4 bits" in model_card(FACTS, read_chain(run))
