"""The trajectory Llama of an `llm/` directory, held as a stage needs it."""

from pathlib import Path

import torch

from llm_service.checkpoint import check_checkpoint
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from llm_service.modeling.weight_files import PART_FILES, read_tensors
from training.modeling.base_reference import BaseReference
from training.modeling.quantisation import quantisation
from training.modeling.settings import CorrectorSettings


def load_language_model(
    directory: Path, settings: CorrectorSettings, base: BaseReference
) -> TrajectoryLlamaForCausalLM:
    """The base model, projectors, head and motion prior, without the adapter that may lie beside them.

    Weights that may train, and all of an untrained base, are float32; a LoRA stage's frozen ones have the settings'
    dtype. That dtype is also the one that the configuration tells a server.

    Raises:
        CheckpointError: A tensor is missing, unexpected or of another shape.
        InvalidField: Quantisation is asked for and not possible here.
    """
    check_checkpoint(directory)
    frozen = settings.finetuning_type == "lora" and not base.from_scratch
    held = settings.dtype if frozen else torch.float32
    model = TrajectoryLlamaForCausalLM.from_pretrained(
        directory, dtype=held, quantization_config=quantisation(settings.quantization_bit, settings.dtype)
    )
    parts = {name: tensor for prefix in PART_FILES for name, tensor in read_tensors(directory, prefix).items()}
    model.load_state_dict(parts, strict=False)
    model.config.dtype = torch.float32 if base.from_scratch else settings.dtype
    return model
