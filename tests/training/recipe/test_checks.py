"""Keys that do not go together."""

import json

import pytest

from perception_service.models.presets import preset
from tests.training.recipe.recipes import recipe
from waymend.errors import InvalidField

EVALUATED = {"eval_strategy": "steps", "val_size": 0.1, "eval_steps": 10, "save_steps": 10}

REFUSED = {
    "a pretraining stage by one name only": ({"stage": "pt", "training_stage": "sft"}, "training_stage"),
    "an sft stage called pretrain": ({"stage": "sft", "training_stage": "pretrain"}, "training_stage"),
    "full fine-tuning by adapters": ({"training_stage": "full_finetune"}, "finetuning_type"),
    "quantised weights in training": ({"finetuning_type": "full", "quantization_bit": 4}, "quantization_bit"),
    "no layer to train": ({"finetuning_type": "freeze", "freeze_trainable_layers": 0}, "freeze_trainable_layers"),
    "two precisions": ({"fp16": True, "bf16": True}, "bf16"),
    "no step": ({"max_steps": 0}, "max_steps"),
    "two ways to shard": ({"fsdp": True, "deepspeed": {"zero_optimization": {"stage": 2}}}, "deepspeed"),
    "nothing to evaluate on": ({"eval_strategy": "steps"}, "eval_strategy"),
    "two sets to evaluate on": ({"val_size": 0.1, "eval_split": "val"}, "val_size"),
    "a broken number of samples": ({"val_size": 10.5}, "val_size"),
    "evaluation on what is trained": ({"eval_split": "train", "eval_strategy": "steps"}, "eval_split"),
    "the best of no evaluations": ({"load_best_model_at_end": True}, "eval_strategy"),
    "patience without evaluations": ({"early_stopping_patience": 2}, "eval_strategy"),
    "a plateau of no evaluations": ({"lr_scheduler_type": "reduce_lr_on_plateau"}, "eval_strategy"),
    "a best model that is not saved": (
        {**EVALUATED, "load_best_model_at_end": True, "save_strategy": "epoch"},
        "save_strategy",
    ),
    "a best model between saves": ({**EVALUATED, "load_best_model_at_end": True, "save_steps": 20}, "save_steps"),
    "saves between evaluations": ({**EVALUATED, "load_best_model_at_end": True, "save_steps": 5}, "save_steps"),
    "neither words nor trajectory": ({"lm_loss_weight": 0.0, "traj_loss_weight": 0.0}, "traj_loss_weight"),
    "an absent DeepSpeed file": ({"deepspeed": "absent.json"}, "deepspeed"),
}


@pytest.mark.parametrize(("keys", "field"), REFUSED.values(), ids=REFUSED)
def test_a_contradiction_is_refused(keys, field):
    with pytest.raises(InvalidField) as refused:
        recipe(**keys)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "keys",
    [
        {**EVALUATED, "load_best_model_at_end": True, "early_stopping_patience": 3},
        {"eval_strategy": "epoch", "eval_split": "val", "save_strategy": "epoch", "load_best_model_at_end": True},
        {"finetuning_type": "full", "training_stage": "sft"},
        {"finetuning_type": "full", "stage": "pt"},
        {"val_size": 100},
        {"finetuning_type": "freeze", "freeze_trainable_layers": -2},
    ],
)
def test_what_goes_together_is_taken(keys):
    read = recipe(**keys)
    assert {name: getattr(read, name) for name in keys} == keys


@pytest.mark.parametrize(
    ("keys", "expected"),
    [({}, "10, as eval_steps, for"), ({"eval_steps": None}, "30, as logging_steps, as eval_steps is not given, for")],
)
def test_a_save_beside_the_evaluations_is_told_the_steps_between_those(keys, expected):
    with pytest.raises(InvalidField) as refused:
        recipe(**{**EVALUATED, "logging_steps": 30, "load_best_model_at_end": True, "save_steps": 20, **keys})
    assert refused.value.expected == f"{expected} the sake of load_best_model_at_end"


@pytest.mark.parametrize("absent", ["lm", "traj"])
def test_words_or_trajectory_alone_are_enough(absent):
    assert absent not in recipe(**{f"{absent}_loss_weight": 0.0}).loss_weights


def test_lora_keys_have_no_effect_on_full_training():
    read = recipe(finetuning_type="full", lora_rank=64, lora_target="q_proj")
    assert "lora_rank has no effect with finetuning_type full" in read.notes
    assert "lora_target has no effect with finetuning_type full" in read.notes
    assert "lora_alpha has no effect with finetuning_type full" not in read.notes
    assert read.lora_rank == 8


def test_trained_layers_have_no_effect_on_adapters():
    read = recipe(freeze_trainable_layers=4)
    assert "freeze_trainable_layers has no effect with finetuning_type lora" in read.notes


def test_encoders_do_not_train_beside_adapters():
    expected = "freeze_bevfusion=false has no effect: encoders train with finetuning_type full alone"
    assert expected in recipe(freeze_bevfusion=False).notes
    assert expected not in recipe(freeze_bevfusion=False, finetuning_type="full").notes
    assert expected not in recipe().notes


def test_warm_up_steps_rule_over_the_ratio():
    assert "warmup_steps 5 rules over warmup_ratio 0.1" in recipe(warmup_steps=5, warmup_ratio=0.1).notes


def test_the_built_in_base_keeps_its_own_template():
    read = recipe(template="llama2")
    assert read.template is None
    assert "template llama2 is ignored: builtin:tiny has its own" in read.notes
    assert recipe(model_name_or_path="a/llama", template="llama2").template == "llama2"


def test_a_stage_keeps_its_own_template(tmp_path):
    (tmp_path / "perception").mkdir()
    (tmp_path / "perception/config.json").write_text(json.dumps(preset("tiny")))
    read = recipe(model_name_or_path=str(tmp_path), template="llama2")
    assert read.template is None
    assert f"template llama2 is ignored: {tmp_path} has its own" in read.notes


@pytest.mark.parametrize(
    ("name", "text", "own"),
    [
        ("chat_template.jinja", "{{ messages }}", True),
        ("tokenizer_config.json", '{"chat_template": "{{ messages }}"}', True),
        ("tokenizer_config.json", "{}", False),
    ],
)
def test_a_tokenizer_keeps_its_own_template(tmp_path, name, text, own):
    (tmp_path / name).write_text(text)
    read = recipe(model_name_or_path=str(tmp_path), template="llama2")
    assert read.template == (None if own else "llama2")
    assert (f"template llama2 is ignored: {tmp_path} has its own" in read.notes) is own


def test_the_built_in_base_keeps_its_precision():
    note = "dtype float16 has no effect: builtin:tiny is float32 always"
    assert note in recipe(dtype="float16").notes
    assert note not in recipe(dtype="float16", quantization_bit=4).notes
    assert note not in recipe(model_name_or_path="a/llama", dtype="float16").notes


def test_a_held_bevfusion_holds_its_image_backbone():
    note = "freeze_vision_tower=false has no effect with freeze_bevfusion=true: there is no vision_tower"
    keys = {"finetuning_type": "full", "freeze_vision_tower": False}
    assert note in recipe(**keys).notes
    assert note not in recipe(**keys, freeze_bevfusion=False).notes
    assert note not in recipe(**keys, vision_tower="some/tower").notes


def test_samples_held_back_for_nothing_are_noted():
    assert "val_size 0.1 holds samples back although eval_strategy is no" in recipe(val_size=0.1).notes


def test_an_fsdp_configuration_alone_is_noted():
    assert "fsdp_config has no effect with fsdp=false" in recipe(fsdp_config="fsdp.json").notes
