"""The `llm/` directory of a stage: as a bundle has it, in the precision that training holds."""

import copy
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor
from transformers import LlamaConfig, PreTrainedTokenizerFast

from llm_service.checkpoint import ADAPTER_DIRECTORY
from llm_service.modeling.weight_files import BASE_FILE, EMBEDDING_APART, EMBEDDING_NAME, stored_names, write_weights
from training.modeling.corrector import Corrector
from training.modeling.lora import BASE_LAYER, LORA_MARK, has_lora, lora_settings, write_adapter
from training.modeling.special_rows import written_back
from waymend.errors import InvalidField

_OVERLAY = "special_rows.rows"


def write_stage_llm(
    directory: Path, corrector: Corrector, state: Mapping[str, Tensor], tokenizer: PreTrainedTokenizerFast
) -> None:
    """Writes into an empty directory.

    A base file that no parameter of the stage changes is linked, not written again: a checkpoint of a 7-billion LoRA
    stage is then megabytes, and a quantised base keeps its full precision.

    Args:
        directory: Exists and is empty.
        corrector: Whose language model is written.
        state: The corrector's state dict, gathered where it was sharded.
        tokenizer: Of the language model.

    Raises:
        InvalidField: A quantised base whose source is gone.
    """
    llm = corrector.llm
    tokenizer.save_pretrained(directory)
    _stored_config(llm.config).save_pretrained(directory)
    llm.generation_config.save_pretrained(directory)
    tensors = {name.removeprefix("llm."): tensor for name, tensor in state.items() if name.startswith("llm.")}
    if has_lora(llm):
        write_adapter(directory / ADAPTER_DIRECTORY, tensors, lora_settings(llm), corrector.base.name)
    stored = _base_tensors(tensors, llm.config.tie_word_embeddings)
    if corrector.special_rows is not None:
        ids = corrector.special_rows.token_ids.tolist()
        stored[EMBEDDING_NAME] = written_back(stored[EMBEDDING_NAME], ids, state[_OVERLAY])
    linked = _link_base(directory, corrector, stored)
    write_weights(directory, {name: stored[name] for name in stored if name not in linked}, files=EMBEDDING_APART)


def _stored_config(config: LlamaConfig) -> LlamaConfig:
    """The configuration of the weights that are stored: in full precision, also where they are held quantised."""
    stored = copy.deepcopy(config)
    for name in ("quantization_config", "_pre_quantization_dtype"):
        if hasattr(stored, name):
            delattr(stored, name)
    return stored


def _base_tensors(tensors: Mapping[str, Tensor], tied: bool) -> dict[str, Tensor]:
    """Tensors by their names without adapters."""
    names = (name for name in tensors if LORA_MARK not in name and not (tied and name == "lm_head.weight"))
    return {name.replace(f"{BASE_LAYER}.", "."): tensors[name] for name in names}


def _link_base(directory: Path, corrector: Corrector, stored: Mapping[str, Tensor]) -> set[str]:
    """Links the source's base file where all of it is still true; names of its tensors."""
    source = corrector.llm_source / BASE_FILE if corrector.llm_source else None
    if source is not None and source.is_file():
        names = stored_names(source)
        if names.isdisjoint(_changing(corrector)):
            _link(source, directory / BASE_FILE)
            return names | {name for name in stored if _is_base(name)}
    if corrector.settings.quantization_bit:
        raise InvalidField("model_name_or_path", f"{BASE_FILE}, which a quantised model is saved with", source)
    return set()


def _changing(corrector: Corrector) -> set[str]:
    """Names of the language model's tensors that may differ from the source's."""
    trained = {name for name, parameter in corrector.llm.named_parameters() if parameter.requires_grad}
    return {name.replace(f"{BASE_LAYER}.", ".") for name in trained} | {EMBEDDING_NAME}


def _is_base(name: str) -> bool:
    return not any(name.startswith(prefix) for prefix in EMBEDDING_APART)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # Another file system, or one without links.
        shutil.copyfile(source, target)
