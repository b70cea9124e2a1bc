"""Two short drives as a nuScenes data set, the samples built from it, and the tiny models."""

from pathlib import Path

import pytest
import torch
from nuscenes.nuscenes import NuScenes
from transformers import PreTrainedTokenizerFast

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from perception_service.models.config import PerceptionConfig
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import preset
from perception_service.pipeline import PerceptionPipeline
from tests.training.data.straight_drive import straight_drive
from training.data.nuscenes_format.data_set import WritingOptions, write_data_set
from training.data.samples.build import build_samples
from training.loading.examples import CorrectionExamples
from training.loading.feature_cache import FeatureCache, cached_features
from training.loading.further_plans import FurtherPlans
from training.loading.modality_choice import ModalityChoice
from training.loading.sample_rows import SampleRows, read_rows
from training.loading.sensors import SensorReader
from training.loading.sequence import SequenceBuilder
from training.tiny.llm import write_tiny_llm
from waymend.trajectory import Horizon

VERSION = "v1.0-mini"
EVERYTHING, NO_MORE = ModalityChoice(), FurtherPlans()


@pytest.fixture(scope="package")
def dataroot(tmp_path_factory) -> Path:
    """Drives of 4.5 s and 4 s at 2 Hz: two key frames with enough past and future, and one."""
    root = tmp_path_factory.mktemp("nuscenes")
    drives = [straight_drive(frames=10), straight_drive(frames=9, name="scene-0002").mirrored()]
    write_data_set(drives, root, WritingOptions(version=VERSION))
    return root


@pytest.fixture(scope="package")
def samples(dataroot: Path, tmp_path_factory) -> Path:
    """All in the training split."""
    out = tmp_path_factory.mktemp("samples")
    build_samples(NuScenes(VERSION, str(dataroot), verbose=False), out, seed=3, shares=(1, 0, 0))
    return out


@pytest.fixture(scope="package")
def rows(samples: Path) -> SampleRows:
    return read_rows(samples, "train")


@pytest.fixture(scope="package")
def perception() -> PerceptionModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return PerceptionModel(PerceptionConfig.parse(preset("tiny"))).eval()


@pytest.fixture(scope="package")
def pipeline(perception: PerceptionModel) -> PerceptionPipeline:
    """Perception as it is served."""
    return PerceptionPipeline(perception, perception.config)


@pytest.fixture(scope="package")
def reader(dataroot: Path, perception: PerceptionModel) -> SensorReader:
    return SensorReader(dataroot, VERSION, perception.config)


@pytest.fixture(scope="package")
def features(tmp_path_factory, perception: PerceptionModel, reader: SensorReader, rows: SampleRows) -> FeatureCache:
    return cached_features(tmp_path_factory.mktemp("features"), "train", perception, reader, rows.sample_tokens)


@pytest.fixture(scope="package")
def tiny_llm(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("tiny") / "llm"
    write_tiny_llm(directory)
    return directory


@pytest.fixture(scope="package")
def tokenizer(tiny_llm: Path) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast.from_pretrained(tiny_llm)


@pytest.fixture(scope="package")
def llm_config(tiny_llm: Path) -> TrajectoryLlamaConfig:
    return TrajectoryLlamaConfig.from_pretrained(tiny_llm)


@pytest.fixture(scope="package")
def make_examples(rows, tokenizer, llm_config, perception, features):
    """Examples from cached features, or as the arguments say."""

    def make(
        choice=EVERYTHING, encoders=features, some_rows=rows, cutoff_len=1024, further_plans=NO_MORE
    ) -> CorrectionExamples:
        sequences = SequenceBuilder(tokenizer, llm_config, cutoff_len)
        return CorrectionExamples(some_rows, sequences, perception.config, Horizon(), choice, encoders, further_plans)

    return make
