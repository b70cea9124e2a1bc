"""A recipe is written with its run, and reads back as the same recipe."""

import json

import pytest
import yaml

from perception_service.models.presets import preset
from tests.training.recipe.recipes import guide_file, recipe
from training.recipe.reading import read_recipe
from training.recipe.recipe import SECTIONS, Recipe
from training.recipe.shipped import CONFIGS

FILES = [
    *(guide_file(name) for name in ("pretrain", "sft", "full_finetune")),
    *(path for path in sorted(CONFIGS.glob("*.yaml")) if path.name != "api.yaml"),
]
UNTRAINED = ("perception=tiny",)
"""Instead of the half that `make train-default` trains first."""


def read_again(tmp_path, read: Recipe) -> Recipe:
    path = tmp_path / "resolved.yaml"
    path.write_text(read.resolved_yaml(), encoding="utf-8")
    return read_recipe(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_comes_back(tmp_path, path):
    read = read_recipe(path, UNTRAINED if path.stem.startswith("default_") else ())
    assert read_again(tmp_path, read) == read


KEYS = {
    "full with LoRA keys": {"finetuning_type": "full", "lora_rank": 64},
    "freeze": {"finetuning_type": "freeze", "freeze_trainable_layers": -3},
    "text like numbers": {"run_name": "1e-4", "eval_split": "no", "train_split": "2026-01-01"},
    "a resumed run": {"resume_from_checkpoint": True},
    "a checkpoint": {"resume_from_checkpoint": "saves/checkpoint-5"},
    "nested": {"deepspeed": "ds_zero3.json", "lr_scheduler_kwargs": {"min_lr": 1e-6}},
    "fsdp": {"fsdp": "full_shard auto_wrap", "fsdp_config": "fsdp.json"},
    "an ablation": {"enable_modalities": {"bev": False}, "report_to": ["tensorboard", "wandb"]},
    "both warm-ups": {"warmup_steps": 5, "warmup_ratio": 0.1},
    "another template": {"template": "llama2"},
}


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
def test_keys_come_back(tmp_path, keys):
    read = recipe(**keys)
    assert read_again(tmp_path, read) == read


def test_a_later_stage_comes_back(tmp_path):
    (tmp_path / "stage" / "perception").mkdir(parents=True)
    (tmp_path / "stage" / "perception" / "config.json").write_text(json.dumps(preset("bevfusion_voxel0075")))
    read = recipe(model_name_or_path=str(tmp_path / "stage"), bevfusion_config_path=None)
    assert read_again(tmp_path, read) == read


def test_every_key_with_an_effect_is_written():
    text = recipe(finetuning_type="freeze").resolved_yaml()
    lora = {"lora_target", "lora_rank", "lora_alpha", "lora_dropout"}
    assert set(Recipe.model_fields) - set(yaml.safe_load(text)) == lora
    assert text.startswith("### model\nmodel_name_or_path: builtin:tiny\n")


def test_other_readers_of_yaml_see_the_same_values():
    written = yaml.safe_load(recipe(run_name="1e-4").resolved_yaml())
    assert written["eval_strategy"] == "no"
    assert written["learning_rate"] == 5e-5
    assert written["run_name"] == "1e-4"
    assert written["bev_size"] == [128, 128]


def test_every_key_belongs_to_one_section():
    names = [name for section in SECTIONS for name in section.model_fields]
    assert sorted([*names, "notes"]) == sorted(Recipe.model_fields)
