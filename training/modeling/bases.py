"""Any Llama becomes a trajectory Llama: an `llm/` directory with fresh projectors and head, ready to train."""

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.heads import make_projectors, make_trajectory_head
from llm_service.modeling.initialisation import initialise_head, initialise_projectors
from llm_service.modeling.trajectory_fields import trajectory_fields
from llm_service.modeling.weight_files import EMBEDDING_APART, write_weights
from training.modeling.base_presets import BUILTIN_TINY, base_preset
from training.modeling.base_tokenizer import trajectory_tokenizer
from training.tiny.llm import write_tiny_llm
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

_ROWS_MULTIPLE = 64
"""Vocabulary sizes that are a multiple of this are quick on a GPU (NVIDIA, "Matrix Multiplication Background")."""
_NEWEST = "main"
"""Branch of the hub."""
_OFFSET_STD = 0.02
"""First offsets of a few centimetres: training starts from the proposal."""
_VOCABULARY_WEIGHTS = ("model.embed_tokens.weight", "lm_head.weight")


def prepare_base(
    source: str | Path,
    out: Path,
    horizon: Horizon = Horizon(),  # noqa: B008
    *,
    template: str | None = None,
    seed: int = 0,
) -> Path:
    """Writes `out`, which passes `llm_service.checkpoint.check_checkpoint`, and returns it.

    Args:
        source: `builtin:tiny`, a hub id, or a directory of a Llama in transformers' format.
        out: Directory that does not exist yet, or is empty.
        horizon: Of the trajectories.
        template: Chat template for a tokenizer that has none; by default the one of the source's preset.
        seed: Of the fresh projectors and head, and of the tiny model.

    Raises:
        InvalidField: The source is no Llama, or its tokenizer lacks something.
    """
    if out.exists() and any(out.iterdir()):
        raise InvalidField("out", "a directory that does not exist yet", out)
    if str(source) == BUILTIN_TINY:
        write_tiny_llm(out, seed, horizon, EMBEDDING_APART)
        return out
    preset = base_preset(str(source))
    revision = preset.revision or _NEWEST
    _check_is_llama(source, revision)
    tokenizer = trajectory_tokenizer(source, horizon.waypoints, template or preset.template, revision)
    base = LlamaForCausalLM.from_pretrained(source, revision=revision, dtype="auto")
    config = _trajectory_config(base.config, tokenizer, horizon)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(out)
    config.save_pretrained(out)
    base.generation_config.save_pretrained(out)
    write_weights(out, _resized(base, config.vocab_size) | _fresh_parts(config, seed), files=EMBEDDING_APART)
    return out


def _check_is_llama(source: str | Path, revision: str) -> None:
    found = AutoConfig.from_pretrained(source, revision=revision).model_type
    if found != LlamaConfig.model_type:
        raise InvalidField("model_name_or_path", "a model of type llama", f"{source}: {found}")


def _trajectory_config(
    base: LlamaConfig, tokenizer: PreTrainedTokenizerFast, horizon: Horizon
) -> TrajectoryLlamaConfig:
    rows = math.ceil(max(len(tokenizer), base.vocab_size) / _ROWS_MULTIPLE) * _ROWS_MULTIPLE
    kept: dict[str, Any] = {
        name: value for name, value in base.to_dict().items() if name not in ("model_type", "transformers_version")
    }
    changed: dict[str, Any] = {
        "vocab_size": rows,
        "architectures": ["TrajectoryLlamaForCausalLM"],
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        **trajectory_fields(tokenizer, horizon, rows),
    }
    fields = kept | changed
    return TrajectoryLlamaConfig(**fields)


def _resized(base: LlamaForCausalLM, rows: int) -> dict[str, Tensor]:
    """The base's tensors, its vocabulary weights filled up with their mean row.

    The mean bounds how much the new tokens change the model's distribution: J. Hewitt, "Initializing New Word
    Embeddings for Pretrained Language Models", 2021.
    """
    tensors = dict(base.state_dict())
    if base.config.tie_word_embeddings:
        tensors.pop("lm_head.weight")
    for name in _VOCABULARY_WEIGHTS:
        if name in tensors:
            weight = tensors[name]
            mean = weight.float().mean(0, keepdim=True).to(weight.dtype)
            tensors[name] = torch.cat((weight, mean.expand(rows - len(weight), -1)))
    return tensors


def _fresh_parts(config: TrajectoryLlamaConfig, seed: int) -> dict[str, Tensor]:
    """Projectors as transformers initialises a Llama's linears, and a head that changes little at first."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        projectors, head = make_projectors(config), make_trajectory_head(config)
        initialise_projectors(projectors, config.initializer_range)
        nn.init.zeros_(head.output.bias)
        initialise_head(head, _OFFSET_STD)
    parts = nn.ModuleDict({"projectors": projectors, "trajectory_head": head})
    return dict(parts.state_dict())
