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


def keep_to_one_gpu(arguments: TrainingArguments) -> list[str]:
    """Takes all GPUs but one from a process; a note where it had several.

    transformers would spread a batch over them with `nn.DataParallel`, which knows nothing of counts over a whole step.
    """
    gpus = arguments.n_gpu
    if gpus <= 1:
        return []
    arguments._n_gpu = 1
    return [f"one of {gpus} GPUs is used: start with `torchrun --nproc_per_node={gpus} -m training train` to use all"]
