"""A nuScenes data set and the samples built from it, shared by the tests."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from nuscenes.nuscenes import NuScenes

from tests.training.data.samples import street_data_set
from training.data.samples.build import build_samples
from training.data.samples.summary import BuildSummary

VERSION = "v1.0-mini"
SEED = 7


@dataclass(frozen=True)
class Built:
    directory: Path
    summary: BuildSummary


@pytest.fixture(scope="package")
def dataroot(tmp_path_factory):
    directory = tmp_path_factory.mktemp("nuscenes")
    street_data_set.write(directory)
    return directory


@pytest.fixture(scope="package")
def nuscenes(dataroot):
    return NuScenes(VERSION, str(dataroot), verbose=False)


@pytest.fixture(scope="package")
def built(nuscenes, tmp_path_factory):
    directory = tmp_path_factory.mktemp("samples")
    return Built(directory, build_samples(nuscenes, directory, SEED))


@pytest.fixture(autouse=True, scope="package")
def datasets_cache(tmp_path_factory):
    """Keeps what `datasets` caches out of the user's home."""
    import datasets

    before = datasets.config.HF_DATASETS_CACHE
    datasets.config.HF_DATASETS_CACHE = tmp_path_factory.mktemp("datasets")
    yield
    datasets.config.HF_DATASETS_CACHE = before
