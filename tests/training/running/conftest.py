"""Three short drives as a nuScenes data set, correction samples of it, and small recipes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from nuscenes.nuscenes import NuScenes

from tests.training.data.straight_drive import three_drives
from training.data.nuscenes_format.data_set import WritingOptions, write_data_set
from training.data.samples.build import build_samples
from training.data.sensing.drive_world import RigSettings
from training.recipe.reading import recipe_from
from training.recipe.recipe import Recipe

VERSION = "v1.0-mini"
SMALL_RIG = RigSettings(width_px=96, height_px=48, lidar_columns=120)


@pytest.fixture(scope="session")
def dataroot(tmp_path_factory) -> Path:
    """Drives at 9, 9 and 5 m/s, one of them mirrored, with three key frames each that have a past and a future."""
    root = tmp_path_factory.mktemp("nuscenes")
    write_data_set(three_drives(11), root, WritingOptions(version=VERSION, rig=SMALL_RIG))
    return root


@pytest.fixture(scope="session")
def samples(dataroot: Path, tmp_path_factory) -> Path:
    """All in the training split."""
    out = tmp_path_factory.mktemp("samples") / "data"
    build_samples(NuScenes(VERSION, str(dataroot), verbose=False), out, seed=3, shares=(1, 0, 0))
    return out


@pytest.fixture(scope="session")
def small_keys(samples: Path) -> dict:
    """Keys of a recipe that trains the tiny models on the samples."""
    return {
        "model_name_or_path": "builtin:tiny",
        "dataset_dir": str(samples),
        "logging_steps": 1,
        "save_strategy": "no",
        "learning_rate": 1e-3,
        "lr_scheduler_type": "constant",
    }


@pytest.fixture
def small_recipe(small_keys: dict, tmp_path: Path) -> Callable[..., Recipe]:
    """A recipe of `small_keys`, changed by the arguments."""

    def make(**keys) -> Recipe:
        return recipe_from({**small_keys, "output_dir": str(tmp_path / "run"), **keys})

    return make
