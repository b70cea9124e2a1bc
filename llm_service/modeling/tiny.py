"""The built-in tiny Llama: deterministic from a seed, untrained, small enough to ship."""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from llm_service.checkpoint import INDEX_FILE
from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.plan_features import PLAN_WIDTH
from llm_service.modeling.special_tokens import (
    END_TOKEN,
    MODALITIES,
    PAD_TOKEN,
    PLAN_MODALITY,
    TRAJECTORY_TOKEN,
    channel_token,
    placeholder_token,
)
from llm_service.modeling.tiny_tokenizer import VOCABULARY_SIZE, train_tokenizer
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from waymend.trajectory import Horizon

SCENE_TOKEN_WIDTH = 256
SCENE_MAX_TOKENS = {"image": 96, "bev": 64, "vector": 128}
_WEIGHT_FILES = {"projectors.": "projectors.safetensors", "trajectory_head.": "trajectory_head.safetensors"}
_MODEL_FILE = "base_model.safetensors"
"""Not `model.safetensors`: where that exists, transformers loads it alone and never looks at the index."""
_INITIAL_SCALE_M = 0.5


def write_tiny_llm(directory: Path, seed: int = 0, horizon: Horizon = Horizon()) -> None:  # noqa: B008
    """Writes configuration, tokenizer and weights of an untrained tiny model.

    transformers (`from_pretrained`) and vLLM both load the directory; see `write_weights`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer(horizon.waypoints)
    config = tiny_config(tokenizer, horizon)
    model = untrained_model(config, seed)
    tokenizer.save_pretrained(directory)
    config.save_pretrained(directory)
    model.generation_config.save_pretrained(directory)
    write_weights(directory, model)


def tiny_config(tokenizer: PreTrainedTokenizerFast, horizon: Horizon) -> TrajectoryLlamaConfig:
    """About 1.8 million parameters; serves in float32."""
    token_id = tokenizer.convert_tokens_to_ids
    channels = [token_id(channel_token(index)) for index in range(3 * horizon.waypoints)]
    special = set(tokenizer.get_added_vocab().values()) - {token_id(END_TOKEN)}
    unused = set(range(len(tokenizer), VOCABULARY_SIZE))
    return TrajectoryLlamaConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=192,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=3,
        num_key_value_heads=1,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=token_id(END_TOKEN),
        pad_token_id=token_id(PAD_TOKEN),  # ty: ignore[invalid-argument-type]
        dtype="float32",
        architectures=["TrajectoryLlamaForCausalLM"],
        modality_widths={**dict.fromkeys(SCENE_MAX_TOKENS, SCENE_TOKEN_WIDTH), PLAN_MODALITY: PLAN_WIDTH},
        modality_max_tokens={**SCENE_MAX_TOKENS, PLAN_MODALITY: horizon.waypoints + 1},
        modality_token_ids={modality: token_id(placeholder_token(modality)) for modality in MODALITIES},
        traj_token_id=token_id(TRAJECTORY_TOKEN),  # ty: ignore[invalid-argument-type]
        traj_channel_ids=channels,
        never_generated_ids=sorted((special | unused) - set(channels)),
        num_waypoints=horizon.waypoints,
        step_s=horizon.step_s,
    )


def untrained_model(config: TrajectoryLlamaConfig, seed: int) -> TrajectoryLlamaForCausalLM:
    """Random weights whose offsets are a few decimetres, so that a wrong answer differs from a right one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TrajectoryLlamaForCausalLM(config).eval()
        with torch.no_grad():
            model.trajectory_head.inner.weight.normal_(std=config.hidden_size**-0.5)
            model.trajectory_head.output.weight.normal_(std=config.hidden_size**-0.5)
            model.trajectory_head.output.bias.view(-1, 3)[:, 2] = math.log(_INITIAL_SCALE_M)
    return model


def write_weights(directory: Path, model: TrajectoryLlamaForCausalLM) -> None:
    """Base model, projectors and head in a file each, under one index; float16, but the head float32."""
    files: dict[str, dict[str, Tensor]] = {}
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and model.config.tie_word_embeddings:
            continue
        file = next((file for prefix, file in _WEIGHT_FILES.items() if name.startswith(prefix)), _MODEL_FILE)
        dtype = torch.float32 if name.startswith("trajectory_head.") else torch.float16
        files.setdefault(file, {})[name] = tensor.detach().to(dtype).contiguous()
    for file, tensors in files.items():
        save_file(tensors, directory / file, metadata={"format": "pt"})
    sizes = sum(tensor.nbytes for tensors in files.values() for tensor in tensors.values())
    weight_map = {name: file for file, tensors in files.items() for name in sorted(tensors)}
    index = {"metadata": {"total_size": sizes}, "weight_map": weight_map}
    (directory / INDEX_FILE).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
