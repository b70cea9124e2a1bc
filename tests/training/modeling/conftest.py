"""A tiny corrector and batches of made-up samples for it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from llm_service.modeling.configuration import register_config
from perception_service.models.perception_model import PerceptionModel
from tests.training.modeling.batches import BatchMaker
from training.modeling.base_presets import BUILTIN_TINY
from training.modeling.base_reference import BaseReference
from training.modeling.bases import prepare_base
from training.modeling.corrector import Corrector
from training.modeling.settings import CorrectorSettings
from training.modeling.starting import start_corrector, start_perception

PRETRAINED = BaseReference("tests/pretrained")
"""Stands for a base whose weights mean something, so that a LoRA stage leaves its embeddings alone."""


@pytest.fixture(scope="session")
def base_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_base(BUILTIN_TINY, tmp_path_factory.mktemp("base") / "llm")


@pytest.fixture(scope="session")
def tokenizer(base_directory: Path) -> PreTrainedTokenizerFast:
    register_config()
    return AutoTokenizer.from_pretrained(base_directory)


@pytest.fixture
def perception() -> PerceptionModel:
    return start_perception("tiny")


@pytest.fixture
def make_corrector(base_directory: Path) -> Callable[..., Corrector]:
    def make(base: BaseReference = PRETRAINED, **settings: object) -> Corrector:
        return start_corrector(base_directory, start_perception("tiny"), CorrectorSettings(**settings), base)

    return make


@pytest.fixture(scope="session")
def make_batch(base_directory: Path, tokenizer: PreTrainedTokenizerFast) -> BatchMaker:
    return BatchMaker(base_directory, tokenizer)
