"""Every YAML block of the guide is read as it stands."""

import re
from pathlib import Path

import pytest

from tests.training.recipe.recipes import GUIDE, guide_file
from training.recipe.reading import read_recipe
from waymend.errors import InvalidField

GUIDE_TEXT = Path(__file__).parents[4] / "shared" / "seed" / "training-guide.md"


@pytest.mark.skipif(not GUIDE_TEXT.exists(), reason="the guide is not in this checkout")
def test_the_blocks_are_those_of_the_guide():
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE_TEXT.read_text(encoding="utf-8"), re.DOTALL)
    held = {path.name: path.read_text(encoding="utf-8") for path in GUIDE.glob("*.yaml")}
    assert held == {block.split("\n", 1)[0].removeprefix("# "): block for block in blocks}


def test_pretrain():
    recipe = read_recipe(guide_file("pretrain"))
    assert recipe.model_name_or_path == "meta-llama/Llama-2-7b-chat-hf"
    assert (recipe.stage, recipe.training_stage, recipe.finetuning_type) == ("pt", "pretrain", "lora")
    assert (recipe.lora_rank, recipe.lora_alpha, recipe.lora_dropout) == (8, 16, 0.05)
    assert recipe.lora_target == ("down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj")
    assert (recipe.dtype, recipe.fp16, recipe.template) == ("float16", True, "llama2")
    assert (recipe.learning_rate, recipe.num_train_epochs, recipe.warmup_ratio) == (5e-5, 2.0, 0.1)
    assert recipe.samples_per_step == 16
    assert recipe.loss_weights == {"lm": 0.5, "traj": 0.1, "align": 1.0, "bev_text": 0.5, "bev_vector": 0.5}
    assert (recipe.freeze_vision_tower, recipe.freeze_llm, recipe.freeze_bevfusion) == (True, False, True)


def test_the_bevfusion_config_of_pretrain_rules_over_its_grid_keys():
    recipe = read_recipe(guide_file("pretrain"))
    assert recipe.perception == "bevfusion_voxel0075"
    assert recipe.point_cloud_range == (-54.0, -54.0, -5.0, 54.0, 54.0, 3.0)
    assert recipe.voxel_size == (0.075, 0.075, 0.2)
    assert recipe.bev_size == (180, 180)
    notes = "\n".join(recipe.notes)
    assert "does not exist: the equal preset bevfusion_voxel0075 stands in for it" in notes
    assert "(51.2 - -51.2) / 0.2 = 512 cells, / 8 = 64, but bev_size says 180" in notes
    assert "point_cloud_range [-51.2, -51.2, -5, 51.2, 51.2, 3] is ignored" in notes
    assert "has [0.075, 0.075, 0.2] ((54 - -54) / 0.075 = 1440 cells, / 8 = 180)" in notes


def test_the_grid_keys_of_pretrain_alone_are_refused():
    with pytest.raises(InvalidField) as refused:
        read_recipe(guide_file("pretrain"), ["bevfusion_config_path=null"])
    assert refused.value.field == "bev_size"
    assert "(51.2 - -51.2) / 0.2 = 512 cells, / 4 = 128" in refused.value.expected
    assert refused.value.given == "180"


def test_sft():
    recipe = read_recipe(guide_file("sft"))
    assert recipe.model_name_or_path == "saves/trajectory_llama2-7b/pretrain"
    assert (recipe.eval_strategy, recipe.eval_steps, recipe.val_size) == ("steps", 200, 0.1)
    assert (recipe.per_device_train_batch_size, recipe.gradient_accumulation_steps) == (2, 8)
    assert recipe.loss_weights == {"lm": 1.0, "traj": 1.5, "align": 0.3, "bev_text": 0.2, "bev_vector": 0.2}
    assert "evaluation_strategy is read as eval_strategy" in recipe.notes


def test_full_finetune():
    recipe = read_recipe(guide_file("full_finetune"))
    assert (recipe.finetuning_type, recipe.training_stage) == ("full", "full_finetune")
    assert (recipe.gradient_checkpointing, recipe.learning_rate, recipe.warmup_ratio) == (True, 1e-5, 0.05)
    assert (recipe.freeze_vision_tower, recipe.freeze_llm, recipe.freeze_bevfusion) == (False, False, False)


@pytest.mark.parametrize("name", ["pretrain", "sft", "full_finetune"])
def test_what_the_blocks_told_llama_factory_is_noted(name):
    notes = read_recipe(guide_file(name)).notes
    assert "torch_dtype is read as dtype" in notes
    for key in ("use_custom_model", "custom_model_name", "custom_model_path", "custom_trainer_path", "do_train"):
        assert f"{key} has no effect" in notes


@pytest.mark.parametrize(
    ("name", "modalities", "weights"),
    [
        ("vision_only", (True, False, False), {"lm": 1.0, "traj": 1.5, "align": 0.3}),
        ("bev_only", (False, True, False), {"lm": 1.0, "traj": 1.5, "bev_text": 0.3}),
    ],
)
def test_an_ablation_is_the_sft_block_with_its_own_keys(tmp_path, name, modalities, weights):
    fragment = tmp_path / "ablation.yaml"
    text = guide_file(f"ablation_{name}").read_text(encoding="utf-8")
    fragment.write_text(f"base: {guide_file('sft')}\n{text}", encoding="utf-8")
    recipe, sft = read_recipe(fragment), read_recipe(guide_file("sft"))
    enabled = recipe.enable_modalities
    assert (enabled.image, enabled.bev, enabled.vector) == modalities
    assert recipe.loss_weights == weights
    assert recipe.output_dir == Path(f"saves/trajectory_llama2-7b/ablation_{name}")
    assert (recipe.modality_dropout, sft.modality_dropout) == (0.0, 0.1)
    assert (recipe.learning_rate, recipe.eval_steps) == (sft.learning_rate, sft.eval_steps)


def test_an_ablation_without_its_base_lacks_a_model():
    with pytest.raises(InvalidField, match="model_name_or_path: expected a value, given nothing"):
        read_recipe(guide_file("ablation_bev_only"))
