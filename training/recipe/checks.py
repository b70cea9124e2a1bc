"""Keys against each other: what cannot be, what has no effect, and what a reader should know."""

import json
from pathlib import Path
from typing import Any

from perception_service.models.presets import PRESET_NAMES
from training.recipe.keys.method import LORA_KEYS, MethodKeys
from training.recipe.keys.model import BUILT_IN, BUILT_IN_BASES
from training.recipe.perception import stage_perception
from training.recipe.recipe import Recipe
from waymend.errors import InvalidField

_TEMPLATE_FILE = "chat_template.jinja"
_TOKENIZER_FILE = "tokenizer_config.json"
"""Where transformers keeps a tokenizer's chat template."""


def check_method(recipe: Recipe) -> None:
    """Raises InvalidField where the stage, its method and quantisation do not go together."""
    if (recipe.stage == "pt") != (recipe.training_stage == "pretrain"):
        expected = "pretrain with stage pt, sft or full_finetune with stage sft"
        raise InvalidField("training_stage", expected, f"{recipe.training_stage} with stage {recipe.stage}")
    if recipe.training_stage == "full_finetune" and recipe.finetuning_type != "full":
        raise InvalidField("finetuning_type", "full, as training_stage is full_finetune", recipe.finetuning_type)
    if recipe.quantization_bit is not None and recipe.finetuning_type != "lora":
        raise InvalidField("quantization_bit", "null unless finetuning_type is lora", recipe.quantization_bit)
    if recipe.finetuning_type == "freeze" and recipe.freeze_trainable_layers == 0:
        raise InvalidField("freeze_trainable_layers", "a number above or below 0", 0)
    if recipe.base_preset is not None and recipe.base_preset not in BUILT_IN_BASES:
        expected = " or ".join(BUILT_IN + name for name in BUILT_IN_BASES)
        raise InvalidField("model_name_or_path", expected, recipe.model_name_or_path)


def check_run(recipe: Recipe) -> None:
    """Raises InvalidField where precision, length or distribution cannot be as given."""
    if recipe.fp16 and recipe.bf16:
        raise InvalidField("bf16", "false, or fp16=false", True)
    if recipe.max_steps == 0:
        raise InvalidField("max_steps", "-1 or above 0", 0)
    if recipe.fsdp and recipe.deepspeed is not None:
        raise InvalidField("deepspeed", "null, or fsdp=false", "both")


def check_losses(recipe: Recipe) -> None:
    """Raises InvalidField where a micro-batch has no loss: contrastive terms come with the last of a step alone."""
    if recipe.lm_loss_weight == 0 and recipe.traj_loss_weight == 0:
        raise InvalidField("traj_loss_weight", "above 0, unless lm_loss_weight is", 0)


def check_evaluation(recipe: Recipe) -> None:
    """Raises InvalidField where evaluation lacks samples, or something else lacks evaluation."""
    if recipe.val_size >= 1 and recipe.val_size != int(recipe.val_size):
        raise InvalidField("val_size", "a share below 1 or a whole number of samples", recipe.val_size)
    if recipe.val_size and recipe.eval_split is not None:
        raise InvalidField("val_size", "0, or eval_split=null", recipe.val_size)
    if recipe.eval_split == recipe.train_split:
        raise InvalidField("eval_split", "another split than train_split", recipe.eval_split)
    if recipe.eval_strategy == "no":
        _check_nothing_evaluates(recipe)
    elif not recipe.val_size and recipe.eval_split is None:
        raise InvalidField("eval_strategy", "no, unless eval_split or val_size is given", recipe.eval_strategy)
    if recipe.load_best_model_at_end:
        _check_best_is_saved(recipe)


def _check_nothing_evaluates(recipe: Recipe) -> None:
    wanted = {
        "load_best_model_at_end": recipe.load_best_model_at_end,
        "early_stopping_patience": recipe.early_stopping_patience is not None,
        "lr_scheduler_type": recipe.lr_scheduler_type == "reduce_lr_on_plateau",
    }
    for name, needs_evaluation in wanted.items():
        if needs_evaluation:
            raise InvalidField("eval_strategy", f"steps or epoch, for the sake of {name}", "no")


def _check_best_is_saved(recipe: Recipe) -> None:
    """The best model must be one that is saved: each evaluation falls on a save, and each save on an evaluation."""
    if recipe.save_strategy != recipe.eval_strategy:
        expected = f"{recipe.eval_strategy}, as eval_strategy is, for the sake of load_best_model_at_end"
        raise InvalidField("save_strategy", expected, recipe.save_strategy)
    every = recipe.eval_steps or recipe.logging_steps
    if recipe.eval_strategy == "steps" and recipe.save_steps != every:
        between = "eval_steps" if recipe.eval_steps else "logging_steps, as eval_steps is not given"
        expected = f"{every}, as {between}, for the sake of load_best_model_at_end"
        raise InvalidField("save_steps", expected, recipe.save_steps)


def drop_without_effect(recipe: Recipe) -> tuple[dict[str, Any], list[str]]:
    """Defaults of the keys that have no effect beside others, and notes on those that are given all the same."""
    dropped: dict[str, Any] = {}
    notes = []
    kind = recipe.finetuning_type
    unused = set() if kind == "lora" else set(LORA_KEYS)
    unused |= set() if kind == "freeze" else {"freeze_trainable_layers"}
    for name in sorted(unused):
        dropped[name] = getattr(MethodKeys(), name)
        if name in recipe.model_fields_set:
            notes.append(f"{name} has no effect with finetuning_type {kind}")
    if recipe.template is not None and _has_own_template(recipe):
        dropped["template"] = None
        notes.append(f"template {recipe.template} is ignored: {recipe.model_name_or_path} has its own")
    return dropped, notes


def _has_own_template(recipe: Recipe) -> bool:
    """Whether what training starts from is known to have a chat template; of what is on the hub it is not known."""
    name = recipe.model_name_or_path
    if recipe.base_preset is not None or stage_perception(name) is not None:
        return True
    return (Path(name) / _TEMPLATE_FILE).is_file() or _holds_template(Path(name) / _TOKENIZER_FILE)


def _holds_template(tokenizer: Path) -> bool:
    try:
        settings = json.loads(tokenizer.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(settings, dict) and settings.get("chat_template") is not None


def run_notes(recipe: Recipe) -> list[str]:
    """What a reader of the recipe should know."""
    notes = []
    if recipe.warmup_steps and recipe.warmup_ratio:
        notes.append(f"warmup_steps {recipe.warmup_steps} rules over warmup_ratio {recipe.warmup_ratio:g}")
    if recipe.val_size and recipe.eval_strategy == "no":
        notes.append(f"val_size {recipe.val_size:g} holds samples back although eval_strategy is no")
    if recipe.fsdp_config and not recipe.fsdp:
        notes.append("fsdp_config has no effect with fsdp=false")
    if recipe.base_preset is not None and recipe.dtype != "float32" and recipe.quantization_bit is None:
        notes.append(f"dtype {recipe.dtype} has no effect: {recipe.model_name_or_path} is float32 always")
    return notes + _encoder_notes(recipe)


def _encoder_notes(recipe: Recipe) -> list[str]:
    """Encoders that a key would train but the method does not, and such as nobody has trained."""
    notes = []
    held = recipe.freeze_bevfusion
    for name in ("freeze_bevfusion", "freeze_vision_tower"):
        if recipe.finetuning_type != "full" and not getattr(recipe, name):
            held = True
            notes.append(f"{name}=false has no effect: encoders train with finetuning_type full alone")
    wanted = recipe.finetuning_type == "full" and not recipe.freeze_vision_tower
    if wanted and recipe.freeze_bevfusion and not _has_tower(recipe):
        notes.append("freeze_vision_tower=false has no effect with freeze_bevfusion=true: there is no vision_tower")
    if held and recipe.perception in PRESET_NAMES and recipe.bevfusion_checkpoint_path is None:
        notes.append(f"BEVFusion is held with random weights: perception {recipe.perception} has no trained ones")
    return notes


def _has_tower(recipe: Recipe) -> bool:
    """Whether image tokens come from a vision tower, here or since a stage before."""
    return recipe.vision_tower is not None or "tower" in recipe.perception_config()["tokens"]["image"]
