"""Stage directories: everything of a corrector on disk, strictly, and to the bit.

llm/                       as a bundle's: configuration, tokenizer, base model, projectors, head, motion prior, adapter/
perception/                config.json, model.safetensors
alignment.safetensors      heads and temperatures of the contrastive losses
special_rows.safetensors   the row of `<|traj|>` in float32, where it trains as an overlay (llm/ holds it rounded)
stage.json                 what this is; written last
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from llm_service.checkpoint import ADAPTER_DIRECTORY
from llm_service.modeling.configuration import register_config
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from llm_service.modeling.weight_files import EMBEDDING_NAME
from perception_service.bundle import CONFIG_FILE, WEIGHTS_FILE, load_perception_model
from perception_service.models.weights import load_weights
from training.modeling.alignment import AlignmentHeads
from training.modeling.corrector import Corrector
from training.modeling.language_model import load_language_model
from training.modeling.lora import add_lora, load_adapter, merge_lora, read_adapter_settings
from training.modeling.replacing import replaced
from training.modeling.settings import CorrectorSettings
from training.modeling.special_rows import SpecialRows, written_back
from training.modeling.stage_info import STAGE_FILE, StageInfo, read_stage_info
from training.modeling.stage_llm import write_stage_llm
from waymend.errors import InvalidField

LLM_DIRECTORY = "llm"
PERCEPTION_DIRECTORY = "perception"
ALIGNMENT_FILE = "alignment.safetensors"
SPECIAL_ROWS_FILE = "special_rows.safetensors"


def save_stage(
    corrector: Corrector,
    tokenizer: PreTrainedTokenizerFast,
    directory: Path,
    training_stage: str,
    run: Mapping[str, Any] | None = None,
    state: Mapping[str, Tensor] | None = None,
) -> None:
    """Writes a stage directory; other files that are in it stay.

    Args:
        corrector: What is saved.
        tokenizer: Of its language model.
        directory: Is made where it does not exist.
        training_stage: `pretrain`, `sft` or `full_finetune`.
        run: What `stage.json` is to keep of the run; JSON values.
        state: The corrector's state dict, where it has to be gathered from shards first.
    """
    state = corrector.state_dict() if state is None else state
    directory.mkdir(parents=True, exist_ok=True)
    (directory / STAGE_FILE).unlink(missing_ok=True)
    with replaced(directory / LLM_DIRECTORY) as llm:
        write_stage_llm(llm, corrector, state, tokenizer)
    with replaced(directory / PERCEPTION_DIRECTORY) as perception:
        document = corrector.perception.config.document()
        (perception / CONFIG_FILE).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        _save_part(state, "perception.", perception / WEIGHTS_FILE)
    _save_part(state, "alignment.", directory / ALIGNMENT_FILE)
    (directory / SPECIAL_ROWS_FILE).unlink(missing_ok=True)
    if corrector.special_rows is not None:
        _save_part(state, "special_rows.", directory / SPECIAL_ROWS_FILE)
    settings = corrector.settings
    info = StageInfo(corrector.base, training_stage, settings.finetuning_type, settings.modalities, run or {})
    info.write(directory)


def load_stage(directory: Path, settings: CorrectorSettings, seed: int = 0) -> Corrector:
    """The corrector of a stage directory, in training mode, for another stage or to go on with the same.

    A LoRA stage goes on with the directory's adapter, or starts one where there is none; any other merges it first.
    With the settings that it was saved with, every tensor is what it was, to the bit.

    Args:
        directory: As `save_stage` writes it.
        settings: Of the stage to come.
        seed: Of a fresh adapter.

    Raises:
        InvalidField: No stage directory, tensors that are missing, unexpected or misshapen, or an adapter of other
            settings than the stage's.
        CheckpointError: The same of the language model's tensors.
    """
    info = read_stage_info(directory)
    llm_directory = directory / LLM_DIRECTORY
    llm = load_language_model(llm_directory, settings, info.base)
    merged = _prepare_adapter(llm, llm_directory / ADAPTER_DIRECTORY, settings, seed)
    alignment = AlignmentHeads(llm.config.hidden_size)
    load_weights(alignment, directory / ALIGNMENT_FILE)
    perception = load_perception_model(directory / PERCEPTION_DIRECTORY / WEIGHTS_FILE)
    _restore_rows(llm, directory / SPECIAL_ROWS_FILE)
    source = None if merged else llm_directory
    corrector = Corrector(perception, llm, alignment, settings, info.base, source)
    if corrector.special_rows is not None and (directory / SPECIAL_ROWS_FILE).is_file():
        load_weights(corrector.special_rows, directory / SPECIAL_ROWS_FILE)
    return corrector.train()


def load_tokenizer(directory: Path) -> PreTrainedTokenizerFast:
    """The tokenizer of a stage directory."""
    register_config()
    return AutoTokenizer.from_pretrained(directory / LLM_DIRECTORY)  # ty: ignore[invalid-explicit-return]


def _prepare_adapter(llm: TrajectoryLlamaForCausalLM, adapter: Path, settings: CorrectorSettings, seed: int) -> bool:
    """Puts the adapter in, merged or not; whether weights of the base have changed by that."""
    wants_lora = settings.finetuning_type == "lora"
    if not adapter.exists():
        if wants_lora:
            add_lora(llm, settings.lora, seed)
        return False
    if wants_lora:
        _check_same_shape(adapter, settings)
    load_adapter(llm, adapter, settings.lora.dropout)
    if not wants_lora:
        merge_lora(llm)
    return not wants_lora


def _check_same_shape(adapter: Path, settings: CorrectorSettings) -> None:
    stored, wanted = read_adapter_settings(adapter), settings.lora
    for field, name in (("lora_rank", "rank"), ("lora_alpha", "alpha"), ("lora_target", "targets")):
        if getattr(stored, name) != getattr(wanted, name):
            raise InvalidField(
                field,
                f"{getattr(stored, name)}, as the adapter has that this stage goes on with",
                getattr(wanted, name),
            )


def _restore_rows(llm: TrajectoryLlamaForCausalLM, path: Path) -> None:
    """Puts the float32 overlay into an embedding that holds more than its rounded values."""
    if not path.is_file():
        return
    weight, token_ids = llm.get_parameter(EMBEDDING_NAME), [llm.config.traj_token_id]
    overlay = SpecialRows(token_ids, weight)
    load_weights(overlay, path)
    weight.data = written_back(weight, token_ids, overlay.rows.data)


def _save_part(state: Mapping[str, Tensor], prefix: str, path: Path) -> None:
    tensors = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, path)
