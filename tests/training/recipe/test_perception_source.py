"""Preset, directory, config file or the stage before: where the perception half comes from."""

import json
from pathlib import Path

import pytest

from perception_service.models.presets import preset
from tests.perception_service.models.test_official_config import write_config
from tests.training.recipe.recipes import recipe
from training.recipe.perception import OFFICIAL_FILE
from waymend.errors import InvalidField


def perception_directory(path: Path, name: str = "small") -> Path:
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps(preset(name)))
    return path


def test_a_preset():
    assert recipe(perception="small").perception_config() == preset("small")


def test_a_directory(tmp_path):
    read = recipe(perception=str(perception_directory(tmp_path / "mine")))
    assert read.perception_config() == preset("small")
    assert read.bev_size == (128, 128)


@pytest.mark.parametrize("name", ["huge", "absent/directory"])
def test_what_is_neither_is_refused(name):
    with pytest.raises(InvalidField, match="perception: expected one of tiny, small, bevfusion_voxel0075, a directory"):
        recipe(perception=name)


def test_a_config_file_is_read_and_rules_over_the_grid(tmp_path):
    def other_grid(model, pipeline):
        voxels = model["data_preprocessor"]["voxelize_cfg"]
        voxels.update(point_cloud_range=[-48.0, -48.0, -5.0, 48.0, 48.0, 3.0], voxel_size=[0.1, 0.1, 0.2])

    path = write_config(tmp_path, other_grid)
    read = recipe(bevfusion_config_path=str(path), bev_size=[180, 180])
    assert (read.perception, read.bevfusion_config_path) == (str(path), path)
    assert read.bev_size == (120, 120)
    assert any("bev_size [180, 180] is ignored" in note for note in read.notes)
    assert any("(48 - -48) / 0.1 = 960 cells, / 8 = 120" in note for note in read.notes)
    assert read.perception_config()["bevfusion"]["data_preprocessor"]["voxelize_cfg"]["voxel_size"] == [0.1, 0.1, 0.2]


def test_the_published_config_file_may_be_absent():
    read = recipe(bevfusion_config_path=f"elsewhere/{OFFICIAL_FILE}")
    assert read.perception == "bevfusion_voxel0075"
    assert any("stands in for it" in note for note in read.notes)


def test_another_config_file_may_not_be_absent():
    with pytest.raises(InvalidField, match=r"bevfusion_config_path: .* given elsewhere/mine\.py, which is no file"):
        recipe(bevfusion_config_path="elsewhere/mine.py")


def test_a_perception_of_another_grid_than_the_config_file_is_refused():
    with pytest.raises(InvalidField) as refused:
        recipe(bevfusion_config_path=OFFICIAL_FILE, perception="tiny")
    assert refused.value.field == "perception"
    assert "(54 - -54) / 0.075 = 1440 cells, / 8 = 180; or bevfusion_config_path=null" in refused.value.expected
    assert refused.value.given == "tiny, (51.2 - -51.2) / 0.2 = 512 cells, / 4 = 128"


def test_weights_converted_from_the_config_file_go_with_it(tmp_path):
    directory = perception_directory(tmp_path / "converted", "bevfusion_voxel0075")
    read = recipe(bevfusion_config_path=OFFICIAL_FILE, perception=str(directory))
    assert read.perception == str(directory)


def test_the_stage_before_brings_its_perception(tmp_path):
    stage = perception_directory(tmp_path / "pretrain" / "perception", "bevfusion_voxel0075")
    read = recipe(model_name_or_path=str(tmp_path / "pretrain"))
    assert read.perception == str(stage)
    assert read.bev_size == (180, 180)


def test_the_stage_before_may_be_given_its_own_perception_again(tmp_path):
    stage = perception_directory(tmp_path / "pretrain" / "perception", "small")
    assert recipe(model_name_or_path=str(tmp_path / "pretrain"), perception="small").perception == str(stage)


def test_another_perception_than_that_of_the_stage_before_is_refused(tmp_path):
    perception_directory(tmp_path / "pretrain" / "perception", "small")
    with pytest.raises(InvalidField, match=r"perception: expected .*pretrain/perception, which was trained"):
        recipe(model_name_or_path=str(tmp_path / "pretrain"), perception="tiny")


def test_an_absent_checkpoint_is_refused():
    with pytest.raises(InvalidField, match=r"bevfusion_checkpoint_path: .* given absent\.pth, which does not exist"):
        recipe(bevfusion_checkpoint_path="absent.pth")


def test_a_checkpoint_beside_weights_is_noted(tmp_path):
    perception_directory(tmp_path / "pretrain" / "perception")
    checkpoint = tmp_path / "bevfusion.pth"
    checkpoint.touch()
    read = recipe(model_name_or_path=str(tmp_path / "pretrain"), bevfusion_checkpoint_path=str(checkpoint))
    assert any(note.startswith("bevfusion_checkpoint_path has no effect") for note in read.notes)


def test_frozen_random_encoders_are_noted(tmp_path):
    expected = "BEVFusion is held with random weights: perception tiny has no trained ones"
    assert expected in recipe().notes
    assert expected in recipe(freeze_bevfusion=False, freeze_vision_tower=False).notes
    assert expected not in recipe(freeze_bevfusion=False, finetuning_type="full").notes
    perception_directory(tmp_path / "stage" / "perception")
    later = recipe(model_name_or_path=str(tmp_path / "stage"))
    assert not any("random weights" in note for note in later.notes)
