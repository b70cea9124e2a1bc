"""A recipe in the words of the installed transformers."""

from copy import deepcopy
from typing import Any

import torch

from training.recipe.keys.run import RunKeys
from training.recipe.machine import check_machine

_SAME_NAME = (
    "per_device_train_batch_size",
    "per_device_eval_batch_size",
    "gradient_accumulation_steps",
    "learning_rate",
    "num_train_epochs",
    "max_steps",
    "lr_scheduler_type",
    "optim",
    "weight_decay",
    "adam_beta1",
    "adam_beta2",
    "adam_epsilon",
    "max_grad_norm",
    "fp16",
    "bf16",
    "gradient_checkpointing",
    "seed",
    "data_seed",
    "logging_steps",
    "save_strategy",
    "save_steps",
    "save_total_limit",
    "run_name",
    "eval_strategy",
    "eval_steps",
    "load_best_model_at_end",
    "metric_for_best_model",
    "dataloader_num_workers",
    "ddp_timeout",
)
"""Keys that `TrainingArguments` takes as they are."""

_ALWAYS: dict[str, Any] = {
    "do_train": True,
    "logging_strategy": "steps",
    "logging_first_step": True,
    # A batch is a dictionary of tensors of our own, and the loss is made inside the model.
    "remove_unused_columns": False,
    "label_names": [],
    "prediction_loss_only": True,
    # The trainer divides by the counts of all ranks and micro-batches itself.
    "average_tokens_across_devices": False,
    "greater_is_better": False,
}


def training_arguments(keys: RunKeys) -> dict[str, Any]:
    """Keyword arguments of `transformers.TrainingArguments` (5.19).

    transformers 5 has no `warmup_ratio`: a float below 1 in `warmup_steps` is the share. Metrics to choose the best
    model by are losses and errors: less is better. `resume_from_checkpoint` is an argument of `Trainer.train`.

    Raises:
        InvalidField: The keys want what this machine lacks.
    """
    check_machine(keys)
    return {
        **_ALWAYS,
        **{name: getattr(keys, name) for name in _SAME_NAME},
        **distribution(keys),
        "output_dir": str(keys.output_dir),
        "warmup_steps": keys.warmup_steps or keys.warmup_ratio,
        "lr_scheduler_kwargs": dict(keys.lr_scheduler_kwargs),
        "report_to": list(keys.report_to) or "none",
        "use_cpu": not torch.accelerator.is_available(),
        "gradient_checkpointing_kwargs": {"use_reentrant": False} if keys.gradient_checkpointing else None,
    }


def distribution(keys: RunKeys) -> dict[str, Any]:
    """The arguments of FSDP and DeepSpeed; each call hands out copies, since transformers writes into them."""
    return {
        "fsdp": keys.fsdp or None,
        "fsdp_config": deepcopy(keys.fsdp_config) if keys.fsdp else None,
        "deepspeed": deepcopy(keys.deepspeed),
    }
