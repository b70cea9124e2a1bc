"""transformers' arguments of a run."""

from typing import Any

import torch
from transformers import TrainingArguments

from training.recipe.recipe import Recipe


def run_arguments(recipe: Recipe) -> TrainingArguments:
    """The recipe's arguments, with what `CorrectionTrainer` does otherwise.

    The corrector enables gradient checkpointing itself, encoders included. A loss that is not finite stays visible.

    Raises:
        InvalidField: The recipe wants what this machine lacks.
    """
    changed: dict[str, Any] = {
        "gradient_checkpointing": False,
        "gradient_checkpointing_kwargs": None,
        "logging_nan_inf_filter": False,
        "dataloader_pin_memory": torch.cuda.is_available(),
        "disable_tqdm": False,
    }
    return TrainingArguments(**{**recipe.training_arguments(), **changed})
