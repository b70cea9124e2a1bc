"""The built-in tiny Llama: deterministic from a seed, untrained, small enough to ship."""

from collections.abc import Mapping
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerFast

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.initialisation import initialise_head, initialise_projectors
from llm_service.modeling.special_tokens import END_TOKEN, PAD_TOKEN
from llm_service.modeling.trajectory_fields import trajectory_fields
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from llm_service.modeling.weight_files import PART_FILES, model_tensors, write_weights
from training.tiny.tokenizer import VOCABULARY_SIZE, train_tokenizer
from waymend.trajectory import Horizon


def write_tiny_llm(
    directory: Path,
    seed: int = 0,
    horizon: Horizon = Horizon(),  # noqa: B008
    files: Mapping[str, str] = PART_FILES,
) -> None:
    """Writes configuration, tokenizer and weights of an untrained tiny model.

    transformers (`from_pretrained`) and vLLM both load the directory. Stored in float16, but for the head; `files` are
    those of `write_weights`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer(horizon.waypoints)
    config = tiny_config(tokenizer, horizon)
    model = untrained_model(config, seed)
    tokenizer.save_pretrained(directory)
    config.save_pretrained(directory)
    model.generation_config.save_pretrained(directory)
    write_weights(directory, model_tensors(model), torch.float16, files)


def tiny_config(tokenizer: PreTrainedTokenizerFast, horizon: Horizon) -> TrajectoryLlamaConfig:
    """About 1.8 million parameters; serves in float32."""
    return TrajectoryLlamaConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=192,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=3,
        num_key_value_heads=1,
        max_position_embeddings=2048,
        initializer_range=0.04,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.convert_tokens_to_ids(END_TOKEN),
        pad_token_id=tokenizer.convert_tokens_to_ids(PAD_TOKEN),  # ty: ignore[invalid-argument-type]
        dtype="float32",
        architectures=["TrajectoryLlamaForCausalLM"],
        **trajectory_fields(tokenizer, horizon, VOCABULARY_SIZE),
    )


def untrained_model(config: TrajectoryLlamaConfig, seed: int) -> TrajectoryLlamaForCausalLM:
    """Random weights whose offsets are a few decimetres, so that a wrong answer differs from a right one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TrajectoryLlamaForCausalLM(config).eval()
        initialise_projectors(model.projectors, config.initializer_range)
        initialise_head(model.trajectory_head)
    return model
