"""What decides how a corrector is built and which of its parts train."""

from dataclasses import dataclass
from typing import Literal

import torch

from llm_service.checkpoint import LORA_TARGETS
from training.modeling.losses import LOSS_NAMES
from training.modeling.losses.traj import TrajectoryLoss
from waymend.errors import InvalidField
from waymend.vocabulary import MODALITIES

FinetuningType = Literal["lora", "full", "freeze"]
_QUANTIZATION_BITS = (None, 4, 8)


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """Low-rank adapters: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022.

    Attributes:
        rank: Width r of the adapters.
        alpha: The adapter's output is multiplied by alpha / rank.
        dropout: Of the adapter's input.
        targets: Names of the linears that get one.
    """

    rank: int = 8
    alpha: int = 16
    dropout: float = 0.05
    targets: tuple[str, ...] = tuple(sorted(LORA_TARGETS))


@dataclass(frozen=True, slots=True)
class CorrectorSettings:
    """Attributes:
    finetuning_type: `lora`: adapters; `full`: every weight; `freeze`: some layers of the language model.
    lora: Where the type is `lora` and the stage before left no adapter to go on with.
    freeze_trainable_layers: Layers that train where the type is `freeze`: the last n, or the first n where negative.
    modalities: Enabled ones; parts of the others do not train and their losses are absent.
    losses: Which are computed, those whose weight is not 0.
    traj_loss: Form of the trajectory loss.
    error_weight: What it adds of the mean distance from the truth, per metre.
    harm_weight: What it adds for corrections that are worse than their proposals.
    dtype: Of frozen language-model weights; whatever trains is float32.
    quantization_bit: 4 or 8 holds the frozen linears so (QLoRA); needs bitsandbytes and type `lora`.
    freeze_llm: Nothing of the language model trains but projectors, head, motion prior and the row of `<|traj|>`.
    freeze_vision_tower: The vision tower does not train; without one, BEVFusion's image backbone and neck.
    freeze_bevfusion: Nothing of BEVFusion trains.
    """

    finetuning_type: FinetuningType = "lora"
    lora: LoraSettings = LoraSettings()
    freeze_trainable_layers: int = 2
    modalities: tuple[str, ...] = MODALITIES
    losses: tuple[str, ...] = LOSS_NAMES
    traj_loss: TrajectoryLoss = "laplace"
    error_weight: float = 0.0
    harm_weight: float = 0.0
    dtype: torch.dtype = torch.float32
    quantization_bit: int | None = None
    freeze_llm: bool = False
    freeze_vision_tower: bool = True
    freeze_bevfusion: bool = True

    def __post_init__(self) -> None:
        _check_among("enable_modalities", self.modalities, MODALITIES)
        _check_among("losses", self.losses, LOSS_NAMES)
        _check_among("lora_target", self.lora.targets, tuple(sorted(LORA_TARGETS)))
        if self.quantization_bit not in _QUANTIZATION_BITS:
            raise InvalidField("quantization_bit", "4, 8 or none", self.quantization_bit)
        if self.quantization_bit and self.finetuning_type != "lora":
            raise InvalidField("quantization_bit", "none, but with finetuning_type lora", self.quantization_bit)


def lora_targets(text: str) -> tuple[str, ...]:
    """The linears that `lora_target` names: `all`, or names with commas between them."""
    if text.strip() == "all":
        return tuple(sorted(LORA_TARGETS))
    return tuple(sorted({name.strip() for name in text.split(",")}))


def _check_among(field: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise InvalidField(field, f"names among {', '.join(known)}", name)
