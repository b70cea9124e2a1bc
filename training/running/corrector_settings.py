"""A recipe in the words of `training.modeling`."""

import torch

from training.modeling.settings import CorrectorSettings, LoraSettings
from training.recipe.recipe import Recipe


def corrector_settings(recipe: Recipe) -> CorrectorSettings:
    """What a recipe says of how the corrector is built and which of its parts train."""
    return CorrectorSettings(
        finetuning_type=recipe.finetuning_type,
        lora=LoraSettings(recipe.lora_rank, recipe.lora_alpha, recipe.lora_dropout, tuple(recipe.lora_target)),
        freeze_trainable_layers=recipe.freeze_trainable_layers,
        modalities=recipe.modalities,
        losses=tuple(recipe.loss_weights),
        traj_loss=recipe.traj_loss,
        error_weight=recipe.traj_error_weight,
        harm_weight=recipe.traj_harm_weight,
        dtype=getattr(torch, recipe.dtype),
        quantization_bit=recipe.quantization_bit,
        freeze_llm=recipe.freeze_llm,
        freeze_vision_tower=recipe.freeze_vision_tower,
        freeze_bevfusion=recipe.freeze_bevfusion,
    )
