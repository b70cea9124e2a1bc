"""A wrong type or value is refused by the key's name, with what would be right."""

from typing import get_args

import pytest

from tests.training.recipe.recipes import recipe
from training.modeling.chat_templates import CHAT_TEMPLATES
from training.modeling.losses import LOSS_NAMES
from training.recipe.keys.model import Template
from training.recipe.modalities import LOSS_MODALITIES
from waymend.errors import InvalidField


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("learning_rate", "fast", "a valid number"),
        ("learning_rate", True, "a valid number"),
        ("learning_rate", 0, "greater than 0"),
        ("learning_rate", float("inf"), "a finite number"),
        ("seed", 1.5, "a valid integer"),
        ("seed", "1", "a valid integer"),
        ("per_device_train_batch_size", 0, "greater than or equal to 1"),
        ("warmup_ratio", 1.0, "less than 1"),
        ("dataset_dir", None, "a path"),
        ("bevfusion_config_path", 5, "a path"),
        ("fp16", "true", "a valid boolean"),
        ("fp16", 1, "a valid boolean"),
        ("finetuning_type", "dora", "'lora', 'full' or 'freeze'"),
        ("eval_strategy", False, "'no', 'steps' or 'epoch'"),
        ("quantization_bit", 2, "4 or 8"),
        ("num_camera_views", 7, "less than or equal to 6"),
        ("num_camera_views", 0, "greater than or equal to 1"),
        ("modality_dropout", 1.5, "less than or equal to 1"),
        ("align_loss_weight", -0.1, "greater than or equal to 0"),
        ("enable_modalities", None, "a valid dictionary or instance of Modalities"),
        ("output_dir", 5, "a path"),
        ("lora_target", "lm_head", "`all`, or some of down_proj, gate_proj"),
        ("lora_target", [["q_proj"]], "`all`, or some of down_proj, gate_proj"),
        ("lora_target", [], "`all`, or some of down_proj, gate_proj"),
        ("report_to", "mlflow", "'tensorboard' or 'wandb'"),
        ("resume_from_checkpoint", 5, "a valid boolean or a valid string"),
        ("fsdp", "ful_shard", "true, false or some of the words full_shard"),
        ("deepspeed", 3, "a valid dictionary"),
        ("template", "llama4", "'chatml', 'smollm2' or 'llama2'"),
    ],
)
def test_a_wrong_value_is_refused(name, value, expected):
    with pytest.raises(InvalidField) as refused:
        recipe(**{name: value})
    assert refused.value.field.split(".")[0] == name
    assert expected in refused.value.expected
    assert refused.value.given == str(value if name != "report_to" else "mlflow")


@pytest.mark.parametrize(
    ("value", "field"),
    [([0.2, 0.2], "voxel_size.2"), ([0.2, "0.2", 8.0], "voxel_size.1"), ([0.2, 0.2, 8.0, 1.0], "voxel_size")],
)
def test_a_wrong_list_is_refused_by_its_place(value, field):
    with pytest.raises(InvalidField) as refused:
        recipe(voxel_size=value)
    assert refused.value.field == field


def test_a_consequence_of_a_wrong_key_is_not_reported_in_its_stead():
    with pytest.raises(InvalidField, match=r"^lora_rank: "):
        recipe(lora_rank="eight")


def test_keys_follow_from_others_where_they_are_not_given():
    assert recipe(lora_rank=4).lora_alpha == 8
    assert recipe(seed=3).data_seed == 3
    assert recipe(stage="pt").training_stage == "pretrain"
    assert recipe(finetuning_type="full").training_stage == "full_finetune"
    assert recipe().training_stage == "sft"
    assert (recipe(modality_dropout=0.3).modality_dropout, recipe().modality_dropout) == (0.3, 0.1)


def test_templates_and_loss_terms_are_those_of_the_model():
    assert set(get_args(Template)) == set(CHAT_TEMPLATES)
    assert tuple(LOSS_MODALITIES) == LOSS_NAMES


def test_only_the_built_in_base_has_a_preset_name():
    assert recipe().base_preset == "tiny"
    assert recipe(model_name_or_path="HuggingFaceTB/SmolLM2-135M-Instruct").base_preset is None
    with pytest.raises(InvalidField, match="model_name_or_path: expected builtin:tiny, given builtin:huge"):
        recipe(model_name_or_path="builtin:huge")
