"""Three short drives as a nuScenes data set, one in each split, with correction samples of them."""

import shutil
from pathlib import Path

import pytest
from nuscenes.nuscenes import NuScenes

from tests.training.data.straight_drive import three_drives
from training.data.nuscenes_format.data_set import WritingOptions, write_data_set
from training.data.samples.build import build_samples
from training.data.samples.keyframe import Keyframe
from training.data.samples.keyframe_rows import keyframe_from_row
from training.data.samples.loading import load_keyframes
from training.data.sensing.drive_world import RigSettings
from training.evaluating.controls.ego_mlps import CONTROLS_DIRECTORY, write_ego_mlps
from training.motion.settings import MotionTraining
from waymend.bundle import open_bundle, write_manifest

VERSION = "v1.0-mini"
BUNDLE = Path(__file__).parents[3] / "bundles/tiny"
SMALL_RIG = RigSettings(width_px=96, height_px=48, lidar_columns=120)


@pytest.fixture(scope="package", autouse=True)
def datasets_cache(tmp_path_factory):
    """Keeps what `datasets` caches out of the user's home."""
    import datasets

    before = datasets.config.HF_DATASETS_CACHE
    datasets.config.HF_DATASETS_CACHE = tmp_path_factory.mktemp("datasets")
    yield
    datasets.config.HF_DATASETS_CACHE = before


@pytest.fixture(scope="package")
def dataroot(tmp_path_factory) -> Path:
    """Drives at 9, 9 and 5 m/s, one of them mirrored, with two key frames each that have a past and a future."""
    root = tmp_path_factory.mktemp("nuscenes")
    write_data_set(three_drives(10), root, WritingOptions(version=VERSION, rig=SMALL_RIG))
    return root


@pytest.fixture(scope="package")
def nuscenes(dataroot) -> NuScenes:
    return NuScenes(VERSION, str(dataroot), verbose=False)


@pytest.fixture(scope="package")
def data(nuscenes, tmp_path_factory) -> Path:
    """A scene in each split."""
    out = tmp_path_factory.mktemp("samples") / "data"
    build_samples(nuscenes, out, seed=3, shares=(1, 1, 1))
    return out


@pytest.fixture(scope="package")
def keyframes(data) -> list[Keyframe]:
    """Of all splits, in order."""
    return [keyframe_from_row(row) for split in ("train", "val", "test") for row in load_keyframes(data, split)]


@pytest.fixture(scope="package")
def bundle(data, tmp_path_factory) -> Path:
    """The tiny bundle with ego-status networks of its own."""
    directory = tmp_path_factory.mktemp("bundles") / "tiny"
    shutil.copytree(BUNDLE, directory)
    write_ego_mlps(MotionTraining((data,), directory / CONTROLS_DIRECTORY, steps=20, further_plans=2))
    known = open_bundle(BUNDLE).manifest
    write_manifest(
        directory,
        name=known.name,
        version=known.version,
        trained=known.trained,
        base_model=known.base_model,
        modalities=known.contract.modalities,
        horizon=known.contract.trajectory_horizon,
    )
    return directory
