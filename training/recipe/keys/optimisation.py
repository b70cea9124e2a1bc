"""Optimizer, schedule, precision, evaluation and distribution."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from training.recipe.keys.section import Count, Section

Optimizer = Literal[
    "adamw_torch",
    "adamw_torch_fused",
    "adafactor",
    "sgd",
    "adamw_8bit",
    "paged_adamw_8bit",
    "paged_adamw_32bit",
    "lion_8bit",
    "paged_lion_8bit",
]
Schedule = Literal[
    "linear",
    "cosine",
    "cosine_with_restarts",
    "cosine_with_min_lr",
    "polynomial",
    "constant",
    "constant_with_warmup",
    "inverse_sqrt",
    "warmup_stable_decay",
    "reduce_lr_on_plateau",
]
Beta = Annotated[float, Field(ge=0, lt=1)]
_FSDP_WORDS = ("full_shard", "shard_grad_op", "auto_wrap", "offload")


def _fsdp(given: Any) -> Any:
    """True, false, or the words that `TrainingArguments` has taken since before FSDP2."""
    if isinstance(given, bool) or (isinstance(given, str) and set(given.split()) <= set(_FSDP_WORDS)):
        return given
    raise ValueError(f"true, false or some of the words {', '.join(_FSDP_WORDS)}")


class TrainKeys(Section):
    """Optimizer, schedule, precision and distribution; meanings are those of `transformers.TrainingArguments`.

    Attributes:
        max_steps: Optimizer steps; -1: as many as `num_train_epochs` takes.
        warmup_ratio: Share of all steps over which the learning rate rises.
        warmup_steps: Their number; where above 0 it rules over `warmup_ratio`.
        fp16, bf16: Mixed precision; trained weights stay float32.
        seed: Of everything random in the run.
        data_seed: Of the order of samples; `seed` where not given.
        fsdp, fsdp_config: Fully sharded data parallel; the config is a mapping or a JSON file.
        deepspeed: DeepSpeed's configuration, a mapping or a JSON file.
    """

    title: ClassVar[str] = "train"

    per_device_train_batch_size: Count = 1
    gradient_accumulation_steps: Count = 1
    learning_rate: Annotated[float, Field(gt=0)] = 5e-5
    num_train_epochs: Annotated[float, Field(gt=0)] = 3.0
    max_steps: Annotated[int, Field(ge=-1)] = -1
    lr_scheduler_type: Schedule = "cosine"
    lr_scheduler_kwargs: dict[str, Any] = Field(default_factory=dict)
    warmup_ratio: Annotated[float, Field(ge=0, lt=1)] = 0.0
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    optim: Optimizer = "adamw_torch"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    adam_beta1: Beta = 0.9
    adam_beta2: Beta = 0.999
    adam_epsilon: Annotated[float, Field(gt=0)] = 1e-8
    max_grad_norm: Annotated[float, Field(ge=0)] = 1.0
    fp16: bool = False
    bf16: bool = False
    gradient_checkpointing: bool = False
    seed: Annotated[int, Field(ge=0)] = 42
    data_seed: int = Field(ge=0, default_factory=lambda keys: keys["seed"])
    ddp_timeout: Count = 1800
    fsdp: Annotated[bool | str, BeforeValidator(_fsdp)] = False
    fsdp_config: dict[str, Any] = Field(default_factory=dict)
    deepspeed: dict[str, Any] | None = None

    @property
    def samples_per_step(self) -> int:
        """Samples of one optimizer step on one device."""
        return self.per_device_train_batch_size * self.gradient_accumulation_steps


class EvaluationKeys(Section):
    """Evaluation while training.

    Attributes:
        eval_strategy: When. (`evaluation_strategy` in older files.)
        eval_steps: Optimizer steps between evaluations; `logging_steps` where None.
        load_best_model_at_end: Whether the stage ends with the best checkpoint instead of the last.
        metric_for_best_model: Which metric says so.
        early_stopping_patience: Training stops after so many evaluations without a better one; None: never.
    """

    title: ClassVar[str] = "eval"

    eval_strategy: Literal["no", "steps", "epoch"] = "no"
    eval_steps: Count | None = None
    per_device_eval_batch_size: Count = 1
    load_best_model_at_end: bool = False
    metric_for_best_model: str = "loss"
    early_stopping_patience: Count | None = None
