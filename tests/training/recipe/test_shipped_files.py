"""The files in `training/configs` hold the guide's values, and agree with themselves."""

from pathlib import Path

import pytest

from tests.training.recipe.recipes import guide_file, written
from training.recipe.reading import read_recipe
from training.recipe.shipped import CONFIGS
from training.recipe.yaml_text import read_mapping
from waymend.errors import InvalidField

STAGES = ("pretrain", "sft", "full_finetune")
ABLATIONS = ("ablation_vision_only", "ablation_bev_only")
CHANGED = {"bevfusion_config_path", "point_cloud_range", "voxel_size", "bev_size", "notes", "output_dir"}
"""Paths of a machine, and the grid."""


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_has_the_values_of_the_guide(name):
    shipped, guide = read_recipe(CONFIGS / f"{name}.yaml"), read_recipe(guide_file(name))
    assert shipped.model_dump(exclude=CHANGED) == guide.model_dump(exclude=CHANGED)
    assert shipped.output_dir == guide.output_dir


@pytest.mark.parametrize("name", ABLATIONS)
def test_an_ablation_changes_what_the_guide_changes(name):
    shipped, guide = read_mapping(CONFIGS / f"{name}.yaml"), read_mapping(guide_file(name))
    assert shipped.pop("base") == "sft.yaml"
    assert shipped == guide


@pytest.mark.parametrize("name", ABLATIONS)
def test_an_ablation_is_read_with_its_base(name):
    recipe = read_recipe(CONFIGS / f"{name}.yaml")
    assert recipe.learning_rate == 1e-4
    assert recipe.enable_modalities.vector is False
    assert recipe.modality_dropout == 0.0


@pytest.mark.parametrize("name", [*STAGES, *ABLATIONS])
def test_nothing_is_renamed_or_ignored(name):
    for note in read_recipe(CONFIGS / f"{name}.yaml").notes:
        assert "is read as" not in note
        assert "no effect" not in note
        assert "ignored" not in note


def test_shipped_files_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_recipe(Path("configs/sft.yaml")) == read_recipe(CONFIGS / "sft.yaml")
    with pytest.raises(InvalidField, match=r"sft\.yaml: .* No such file"):
        read_recipe(Path("sft.yaml"))


def test_a_file_here_is_preferred_to_the_shipped_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    written(tmp_path / "configs", "seed: 5\n", "sft.yaml")
    assert read_recipe(Path("configs/sft.yaml")).seed == 5


def test_the_grid_of_pretrain_stands_without_its_config_file():
    recipe = read_recipe(CONFIGS / "pretrain.yaml", ["bevfusion_config_path=null", "perception=bevfusion_voxel0075"])
    assert recipe.bev_size == (180, 180)


@pytest.mark.parametrize(("key", "name"), [("deepspeed", "ds_zero2.json"), ("deepspeed", "ds_zero3.json")])
def test_deepspeed_files_are_found_by_name(key, name):
    recipe = read_recipe(CONFIGS / "sft.yaml", [f"{key}={name}"])
    assert recipe.deepspeed["zero_optimization"]["stage"] == int(name[len("ds_zero")])


def test_the_fsdp_file_wraps_the_layers_of_a_llama():
    recipe = read_recipe(CONFIGS / "sft.yaml", ["fsdp=true", "fsdp_config=fsdp.json"])
    assert recipe.fsdp_config["transformer_layer_cls_to_wrap"] == ["LlamaDecoderLayer"]


@pytest.mark.parametrize("stage", ["pretrain", "words", "maps", "sft", "full"])
def test_the_default_bundle_s_stages_are_read_without_a_note_but_on_untrained_encoders(stage):
    recipe = read_recipe(CONFIGS / f"default_{stage}.yaml", ["perception=tiny"])
    assert recipe.finetuning_type == "full"
    assert recipe.further_plans > 0
    assert all("held with random weights" in note for note in recipe.notes)


def test_the_default_bundle_sees_with_all_modalities_in_the_end():
    assert read_recipe(CONFIGS / "default_full.yaml", ["perception=tiny"]).modalities == ("image", "bev", "vector")
