"""The `llm/` directory of a bundle, from that of a stage."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from llm_service.checkpoint import ADAPTER_DIRECTORY, INDEX_FILE, check_checkpoint
from llm_service.modeling.weight_files import EMBEDDING_NAME, write_weights
from training.exporting.merging import base_weights, merge_adapter
from training.exporting.precision import ServingDtype, serving_dtype, stored_for
from training.modeling.special_rows import written_back
from training.modeling.stage_checkpoint import LLM_DIRECTORY, SPECIAL_ROWS_FILE
from waymend.errors import InvalidField

_CONFIG_FILE = "config.json"


def write_llm_half(
    stage: Path, out: Path, adapter: bool, dtype: ServingDtype | None = None, caution: float | None = None
) -> torch.dtype:
    """Writes the language model that a stage's answers come from; returns the dtype that it is served in.

    Args:
        stage: A stage directory.
        out: Directory that does not exist yet.
        adapter: Whether a LoRA stage's adapter stays beside the base; else it is merged.
        dtype, caution: The configuration's, instead of the stage's.

    Raises:
        CheckpointError: The stage's tensors do not fit its configuration, or its adapter is none that vLLM serves.
        InvalidField: There is no adapter to keep, or it does not fit the base.
    """
    source = stage / LLM_DIRECTORY
    check_checkpoint(source)
    kept = source / ADAPTER_DIRECTORY
    if adapter and not kept.exists():
        raise InvalidField("adapter", "a LoRA stage; this one has whole weights", stage)
    out.mkdir(parents=True)
    changed = {"dtype": dtype, "caution": caution}
    served = _copy_settings(source, out, {name: value for name, value in changed.items() if value is not None})
    weights = base_weights(source)
    if (stage / SPECIAL_ROWS_FILE).is_file():
        rows = load_file(stage / SPECIAL_ROWS_FILE)["rows"]
        weights[EMBEDDING_NAME] = written_back(weights[EMBEDDING_NAME].float(), [_trajectory_id(source)], rows)
    if adapter:
        shutil.copytree(kept, out / ADAPTER_DIRECTORY)
    elif kept.exists():
        merge_adapter(weights, kept)
    write_weights(out, {name: stored_for(served, name, weights[name]) for name in weights})
    check_checkpoint(out)
    return served


def _copy_settings(source: Path, out: Path, changed: Mapping[str, Any]) -> torch.dtype:
    """Copies everything but weights; the configuration says which dtype the engine is to take."""
    for path in sorted(source.iterdir()):
        if path.is_file() and path.suffix != ".safetensors" and path.name != INDEX_FILE:
            shutil.copyfile(path, out / path.name)
    config = json.loads((source / _CONFIG_FILE).read_text(encoding="utf-8")) | changed
    if changed:
        (out / _CONFIG_FILE).write_text(f"{json.dumps(config, indent=2)}\n", encoding="utf-8")
    return serving_dtype(config.get("dtype"), source / _CONFIG_FILE)


def _trajectory_id(llm: Path) -> int:
    return json.loads((llm / _CONFIG_FILE).read_text(encoding="utf-8"))["traj_token_id"]
