"""A corrector at the start of the first stage: a prepared base, perception, fresh adapters and alignment heads."""

from pathlib import Path

import torch

from perception_service.bundle import WEIGHTS_FILE, load_perception_model
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import PRESET_NAMES, preset
from training.modeling.alignment import AlignmentHeads
from training.modeling.base_reference import BaseReference
from training.modeling.corrector import Corrector
from training.modeling.language_model import load_language_model
from training.modeling.lora import add_lora
from training.modeling.settings import CorrectorSettings


def start_corrector(
    llm_directory: Path, perception: PerceptionModel, settings: CorrectorSettings, base: BaseReference, seed: int = 0
) -> Corrector:
    """The corrector of a directory that `prepare_base` wrote, in training mode.

    Args:
        llm_directory: The base; its weight files must stay where they are while the corrector is saved from.
        perception: Encoders.
        settings: Of the stage.
        base: What the directory was prepared from.
        seed: Of fresh adapters and alignment heads.

    Raises:
        CheckpointError: The directory's tensors do not fit.
        InvalidField: Perception makes other token sets than the language model takes.
    """
    llm = load_language_model(llm_directory, settings, base)
    if settings.finetuning_type == "lora":
        add_lora(llm, settings.lora, seed)
    alignment = fresh_alignment_heads(llm.config.hidden_size, seed)
    return Corrector(perception, llm, alignment, settings, base, llm_directory).train()


def start_perception(source: str, seed: int = 0) -> PerceptionModel:
    """The encoders of a preset with fresh weights, or of a directory with `config.json` and `model.safetensors`.

    Raises:
        InvalidField: No such preset, or a directory whose configuration and weights do not fit.
    """
    if source not in PRESET_NAMES and Path(source).is_dir():
        return load_perception_model(Path(source) / WEIGHTS_FILE)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PerceptionModel.from_config(preset(source))


def fresh_alignment_heads(hidden_size: int, seed: int) -> AlignmentHeads:
    """Alignment heads with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return AlignmentHeads(hidden_size)
