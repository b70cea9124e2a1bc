"""The SFT stage on this machine: speed, memory, what the four extra losses cost, and what cached features save."""

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nuscenes.nuscenes import NuScenes
from torch import nn
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from benchmarks.table import Figure
from training.data.nuscenes_format.data_set import WritingOptions, write_data_set
from training.data.samples.build import build_samples
from training.data.traffic.drive import synthesize_drive
from training.modeling.base_presets import BUILTIN_TINY
from training.modeling.bases import prepare_base
from training.recipe.reading import read_recipe
from training.recipe.recipe import Recipe
from training.recipe.shipped import CONFIGS
from training.running.step_window import StepWindow, weighted_sum
from training.running.train import start_run, train

_SEED, _DRIVES, _KEY_FRAMES = 7, 2, 12
_STEPS, _LIVE_STEPS = 4, 3
_ROUNDS = 7
_LARGEST_EXTRA = 0.10
_SHIPPED = {
    "dtype": "float32",
    "fp16": False,
    "perception": "tiny",
    "overwrite_cache": False,
    "overwrite_output_dir": True,
    "preprocessing_num_workers": "null",
    "val_size": 0,
    "eval_strategy": "no",
    "save_strategy": "no",
    "plot_loss": False,
    "logging_steps": 1,
    "max_steps": _STEPS,
}
_LM_ALONE = {f"{term}_loss_weight": 0 for term in ("traj", "align", "bev_text", "bev_vector")}

Keys = Mapping[str, Any]


def measure() -> list[Figure]:
    """Each base in a process of its own, so that peak memory is its own; perception is the tiny preset throughout."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        shared = {**_SHIPPED, "dataset_dir": _write_samples(root), "output_dir": root / "run"}
        tiny = {**shared, "model_name_or_path": BUILTIN_TINY}
        llama = {**shared, "model_name_or_path": _write_llama(root), "gradient_accumulation_steps": 2}
        _apart(_cache_features, tiny)
        figures = [*_apart(_base_figures, "tiny Llama", tiny), *_apart(_base_figures, "Llama of SmolLM2's size", llama)]
        return [*figures, *_apart(_cache_figures, {**tiny, "gradient_accumulation_steps": 2})]


def _apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def _write_samples(root: Path) -> Path:
    drives = [synthesize_drive(index, _SEED) for index in range(_DRIVES)]
    drives = [replace(drive, keyframe_times_s=drive.keyframe_times_s[:_KEY_FRAMES]) for drive in drives]
    options = WritingOptions()
    write_data_set(drives, root / "drives", options)
    nuscenes = NuScenes(options.version, str(root / "drives"), verbose=False)
    build_samples(nuscenes, root / "samples", _SEED, shares=(1, 0, 0))
    return root / "samples"


def _write_llama(root: Path) -> Path:
    """A Llama with the sizes of HuggingFaceTB/SmolLM2-135M-Instruct, random weights and the tiny tokenizer."""
    directory = root / "llama"
    tokenizer = AutoTokenizer.from_pretrained(prepare_base(BUILTIN_TINY, root / "tiny"))
    tokenizer.save_pretrained(directory)  # ty: ignore[missing-union-attribute]
    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=8192,
        tie_word_embeddings=True,
    )
    torch.manual_seed(_SEED)
    LlamaForCausalLM(config).save_pretrained(directory)
    return directory


def _recipe(keys: Keys) -> Recipe:
    return read_recipe(CONFIGS / "sft.yaml", [f"{name}={value}" for name, value in keys.items()])


def _cache_features(keys: Keys) -> None:
    start_run(_recipe(keys))


def _base_figures(base: str, keys: Keys) -> list[Figure]:
    recipe = _recipe(keys)
    lines = train(recipe).log
    speed = f"{_rate_hz(lines):.2f} samples/s, {lines[-2]['peak_memory_mb']:.0f} MB"
    stage = f"SFT stage, {base}, {recipe.samples_per_step} samples a step"
    extra = _extra_cost({**keys, "modality_dropout": 0})
    title = f"{stage}: four extra losses over lm alone, {_ROUNDS} interleaved rounds"
    return [
        Figure(f"{stage}: speed, peak memory", speed),
        Figure(title, f"{extra:+.1%}", "< 10 %", extra < _LARGEST_EXTRA),
    ]


def _cache_figures(keys: Keys) -> list[Figure]:
    cached = _rate_hz(train(_recipe(keys)).log)
    live = _rate_hz(train(_recipe({**keys, "feature_cache": False, "max_steps": _LIVE_STEPS})).log)
    text = f"{cached / live:.1f} x ({cached:.2f} against {live:.2f} samples/s)"
    return [Figure("SFT stage, tiny Llama: cached features against live encoders", text)]


def _rate_hz(lines: tuple[dict[str, Any], ...]) -> float:
    """Median over the steps after the first, samples per second."""
    return float(np.median([line["samples_per_second"] for line in lines if "loss" in line][1:]))


def _extra_cost(keys: Keys) -> float:
    """Median over rounds of a step with all five losses against one with lm alone, minus 1; who goes first changes."""
    all_losses, lm_alone = _step_timer(keys), _step_timer({**keys, **_LM_ALONE})
    ratios = []
    for number in range(-1, _ROUNDS):
        if number % 2:
            alone_s, all_s = lm_alone(), all_losses()
        else:
            all_s, alone_s = all_losses(), lm_alone()
        if number >= 0:
            ratios.append(all_s / alone_s)
    return float(np.median(ratios)) - 1


def _step_timer(keys: Keys) -> Callable[[], float]:
    """Times the forward and backward passes of an optimizer step as the trainer runs them, over equal micro-batches."""
    trainer = start_run(_recipe(keys)).trainer
    model: nn.Module = trainer.model  # ty: ignore[invalid-assignment]
    batches = list(islice(trainer.get_train_dataloader(), trainer.args.gradient_accumulation_steps))

    def step() -> float:
        began_s = time.perf_counter()
        window = StepWindow.of(batches, trainer.args.device)
        for index, batch in enumerate(batches):
            losses = model(batch, batches if index == len(batches) - 1 else ())
            weighted_sum(window.terms(losses), trainer.weights).backward()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds = time.perf_counter() - began_s
        model.zero_grad()
        return seconds

    return step
