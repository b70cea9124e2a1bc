"""What is trained, and by which method."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from llm_service.checkpoint import LORA_TARGETS
from training.recipe.keys.section import Count, Section

TrainingStage = Literal["pretrain", "sft", "full_finetune"]
LORA_KEYS = ("lora_target", "lora_rank", "lora_alpha", "lora_dropout")


def _linears(given: Any) -> Any:
    """`all`, `q_proj,v_proj` or a list, as sorted names of linears."""
    if given == "all":
        return tuple(sorted(LORA_TARGETS))
    if isinstance(given, str):
        given = [name.strip() for name in given.split(",")]
    if isinstance(given, list | tuple) and given and all(name in tuple(LORA_TARGETS) for name in given):
        return tuple(sorted(set(given)))
    raise ValueError(f"`all`, or some of {', '.join(sorted(LORA_TARGETS))}")


def _default_training_stage(keys: dict[str, Any]) -> TrainingStage:
    if keys["stage"] == "pt":
        return "pretrain"
    return "full_finetune" if keys["finetuning_type"] == "full" else "sft"


class MethodKeys(Section):
    """The stage and its method.

    Attributes:
        stage: LLaMA-Factory's name of the stage; `training_stage` follows from it where that is not given.
        finetuning_type: `lora`: adapters on the Llama's linears, with projectors, head, motion prior and resamplers;
            `full`: everything that no freeze key holds; `freeze`: some of the Llama's layers instead of adapters.
        lora_target: Linears of the Llama that get an adapter: `all`, or names as a list or separated by commas.
        lora_rank: Rank r of an adapter.
        lora_alpha: An adapter's update is scaled by `lora_alpha / lora_rank`; twice the rank where not given.
        lora_dropout: Dropout before an adapter.
        freeze_trainable_layers: With `freeze`: the last n layers are trained, or with a negative n the first -n.
        training_stage: Which of the three stages this is.
        freeze_vision_tower: Holds the image backbone and its neck; they train with `full` alone.
        freeze_llm: Holds the Llama, its adapters included. (`freeze_language_model` in LLaMA-Factory.)
        freeze_bevfusion: Holds all of BEVFusion; it trains with `full` alone.
    """

    title: ClassVar[str] = "method"

    stage: Literal["pt", "sft"] = "sft"
    finetuning_type: Literal["lora", "full", "freeze"] = "lora"
    lora_target: Annotated[tuple[str, ...], BeforeValidator(_linears)] = tuple(sorted(LORA_TARGETS))
    lora_rank: Count = 8
    lora_alpha: int = Field(ge=1, default_factory=lambda keys: 2 * keys["lora_rank"])
    lora_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.05
    freeze_trainable_layers: int = 2
    training_stage: TrainingStage = Field(default_factory=_default_training_stage)
    freeze_vision_tower: bool = True
    freeze_llm: bool = False
    freeze_bevfusion: bool = True
