"""The weights of an `llm/` directory: a file each for the base model and for what it gains, under one index."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from llm_service.checkpoint import INDEX_FILE

if TYPE_CHECKING:
    from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM

BASE_FILE = "base_model.safetensors"
"""Not `model.safetensors`: where that exists, transformers loads it alone and never looks at the index."""
MOTION_PRIOR = "motion_prior."
PART_FILES = {
    "projectors.": "projectors.safetensors",
    "trajectory_head.": "trajectory_head.safetensors",
    MOTION_PRIOR: "motion_prior.safetensors",
}
"""File of the tensors whose name has a prefix; all others are in `BASE_FILE`."""
_ALWAYS_FLOAT32 = ("trajectory_head.", MOTION_PRIOR)
EMBEDDING_NAME = "model.embed_tokens.weight"
EMBEDDING_APART = {EMBEDDING_NAME: "embeddings.safetensors", **PART_FILES}
"""Leaves in `BASE_FILE` what no LoRA stage changes."""


def model_tensors(model: "TrajectoryLlamaForCausalLM") -> dict[str, Tensor]:
    """All tensors that are stored: not the language head where it is the input embedding."""
    tensors = dict(model.state_dict())
    if model.config.tie_word_embeddings:
        tensors.pop("lm_head.weight")
    return tensors


def write_weights(
    directory: Path,
    tensors: Mapping[str, Tensor],
    dtype: torch.dtype | None = None,
    files: Mapping[str, str] = PART_FILES,
) -> None:
    """Writes tensors, then an index over all weight files that the directory holds.

    Args:
        dtype: Of the stored tensors, but for the head's and the motion prior's, which are float32 always; None keeps
            each tensor's own.
        files: File of the names that begin with a prefix.
    """
    grouped: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        file = next((file for prefix, file in files.items() if name.startswith(prefix)), BASE_FILE)
        kept = torch.float32 if name.startswith(_ALWAYS_FLOAT32) else dtype or tensor.dtype
        grouped.setdefault(file, {})[name] = tensor.detach().to("cpu", kept).contiguous()
    for file, group in grouped.items():
        save_file(group, directory / file, metadata={"format": "pt"})
    _write_index(directory)


def stored_names(path: Path) -> set[str]:
    """Names of a weight file's tensors."""
    with safe_open(path, "pt") as tensors:
        return set(tensors.keys())


def read_tensors(directory: Path, prefix: str) -> dict[str, Tensor]:
    """The indexed tensors whose names begin with `prefix`, as they are stored."""
    weight_map: dict[str, str] = json.loads((directory / INDEX_FILE).read_text(encoding="utf-8"))["weight_map"]
    wanted = {name: file for name, file in weight_map.items() if name.startswith(prefix)}
    found: dict[str, Tensor] = {}
    for file in sorted(set(wanted.values())):
        with safe_open(directory / file, "pt") as tensors:
            found |= {name: tensors.get_tensor(name) for name in wanted if wanted[name] == file}
    return found


def _write_index(directory: Path) -> None:
    paths = sorted(directory.glob("*.safetensors"))
    weight_map = {name: path.name for path in paths for name in sorted(stored_names(path))}
    index = {"metadata": {"total_size": sum(map(_tensor_bytes, paths))}, "weight_map": weight_map}
    (directory / INDEX_FILE).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _tensor_bytes(path: Path) -> int:
    """Size of a file less its header, which an 8-byte length precedes (safetensors' format)."""
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    return path.stat().st_size - 8 - header
