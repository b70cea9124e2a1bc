"""Stage directories of a tiny corrector that has made a few steps."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from llm_service.modeling.configuration import register_config
from tests.training.modeling.batches import EVERY, BatchMaker
from training.exporting.export import export_bundle
from training.modeling.base_presets import BUILTIN_TINY
from training.modeling.base_reference import BaseReference
from training.modeling.bases import prepare_base
from training.modeling.corrector import Corrector
from training.modeling.settings import CorrectorSettings
from training.modeling.stage_checkpoint import load_stage, save_stage
from training.modeling.starting import start_corrector, start_perception
from training.modeling.trainable import trainable_parameters

PRETRAINED = BaseReference("tests/pretrained")
"""Stands for a base whose weights mean something, so that a LoRA stage trains the row of `<|traj|>` alone."""
STEPS = 3


@pytest.fixture(scope="package")
def base_directory(tmp_path_factory) -> Path:
    return prepare_base(BUILTIN_TINY, tmp_path_factory.mktemp("base") / "llm")


@pytest.fixture(scope="package")
def tokenizer(base_directory) -> PreTrainedTokenizerFast:
    register_config()
    return AutoTokenizer.from_pretrained(base_directory)


@pytest.fixture(scope="package")
def make_batch(base_directory, tokenizer) -> BatchMaker:
    return BatchMaker(base_directory, tokenizer)


@pytest.fixture(scope="package")
def start(base_directory) -> Callable[..., Corrector]:
    """An untrained corrector of any settings."""

    def started(perception: str = "tiny", **settings: object) -> Corrector:
        return start_corrector(base_directory, start_perception(perception), CorrectorSettings(**settings), PRETRAINED)

    return started


@pytest.fixture(scope="package")
def lora_stage(start, tokenizer, make_batch, tmp_path_factory) -> Path:
    """A trained SFT stage with an adapter."""
    directory = tmp_path_factory.mktemp("runs") / "sft"
    corrector = start()
    train(corrector, make_batch)
    save_stage(corrector, tokenizer, directory, "sft", {"steps": STEPS})
    return directory


@pytest.fixture(scope="package")
def full_stage(lora_stage, tokenizer, make_batch, tmp_path_factory) -> Path:
    """A full stage that went on from the SFT stage; of BEVFusion nothing is trained, for speed."""
    directory = tmp_path_factory.mktemp("runs") / "full"
    corrector = load_stage(lora_stage, CorrectorSettings(finetuning_type="full"))
    train(corrector, make_batch)
    save_stage(corrector, tokenizer, directory, "full_finetune", {"steps": STEPS})
    return directory


@pytest.fixture(scope="package")
def merged(lora_stage, tmp_path_factory) -> Path:
    """The SFT stage's bundle."""
    out = tmp_path_factory.mktemp("bundles") / "merged"
    export_bundle(lora_stage, out, "mine", "1.0")
    return out


@pytest.fixture(scope="package")
def with_adapter(lora_stage, tmp_path_factory) -> Path:
    """The SFT stage's bundle with the adapter beside the base."""
    out = tmp_path_factory.mktemp("bundles") / "adapter"
    export_bundle(lora_stage, out, "mine", "1.0", adapter=True)
    return out


@pytest.fixture(scope="package")
def full(full_stage, tmp_path_factory) -> Path:
    """The full stage's bundle."""
    out = tmp_path_factory.mktemp("bundles") / "full"
    export_bundle(full_stage, out, "mine", "2.0", compare=False)
    return out


def train(corrector: Corrector, make_batch: BatchMaker, present: tuple[bool, bool, bool] = EVERY) -> None:
    """A few large steps of samples with some modalities, so that every trained part differs from its start."""
    torch.manual_seed(0)
    optimizer = torch.optim.AdamW(trainable_parameters(corrector).values(), lr=2e-3)
    for step in range(STEPS):
        seeds = (2 * step, 2 * step + 1)
        batch = make_batch(seeds, dict.fromkeys(seeds, present))
        sums = corrector(batch, [batch])
        loss = sum(total / count for total, count in sums.examples.values()) + sum(sums.alignment.values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
