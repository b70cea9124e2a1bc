"""Three short drives as a nuScenes data set, correction samples of it, and a small model."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nuscenes.nuscenes import NuScenes

from perception_service.bundle import CONFIG_FILE
from perception_service.models.presets import preset
from tests.training.data.straight_drive import three_drives
from training.data.nuscenes_format.data_set import WritingOptions, write_data_set
from training.data.samples.build import build_samples
from training.data.sensing.drive_world import RigSettings
from training.perceiving.frames import PerceptionFrames, open_frames
from training.perceiving.raster_grid import RasterGrid
from training.perceiving.settings import PerceptionTraining
from waymend.geometry import Pose

VERSION = "v1.0-mini"
SMALL_RIG = RigSettings(width_px=96, height_px=48, lidar_columns=240)


@pytest.fixture(scope="session")
def samples(tmp_path_factory) -> Path:
    """A dozen key frames, four of each drive: two drives to train on, and one in the val split."""
    root, out = tmp_path_factory.mktemp("nuscenes"), tmp_path_factory.mktemp("samples") / "data"
    write_data_set(three_drives(14, last_frames=12), root, WritingOptions(version=VERSION, rig=SMALL_RIG))
    build_samples(NuScenes(VERSION, str(root), verbose=False), out, seed=3, shares=(2 / 3, 1 / 3, 0))
    return out


@pytest.fixture(scope="session")
def frames(samples: Path) -> PerceptionFrames:
    """For the tiny preset."""
    return open_frames(samples, "train", preset("tiny"), sweeps=1)


@pytest.fixture(scope="session")
def small_config() -> dict[str, Any]:
    """The tiny preset with half as many pixels and cells along each side."""
    config = preset("tiny")
    config["image"] = {"size": [64, 176], "resized_width": 192}
    config["tokens"]["image"]["feature_size"] = [8, 22]
    detector, voxels = config["bevfusion"], {"voxel_size": [0.4, 0.4, 8.0], "grid_size": [256, 256, 1]}
    detector["data_preprocessor"]["voxelize_cfg"]["voxel_size"] = voxels["voxel_size"]
    detector["view_transform"] |= {"image_size": [64, 176], "feature_size": [8, 22]}
    detector["view_transform"] |= {"xbound": [-51.2, 51.2, 1.6], "ybound": [-51.2, 51.2, 1.6]}
    detector["pts_middle_encoder"] |= voxels
    detector["bbox_head"]["test_cfg"]["grid_size"] = voxels["grid_size"]
    detector["bbox_head"]["bbox_coder"]["voxel_size"] = voxels["voxel_size"][:2]
    return config


@pytest.fixture(scope="session")
def small_frames(samples: Path, small_config: dict[str, Any]) -> PerceptionFrames:
    """For `small_config`."""
    return open_frames(samples, "train", small_config, sweeps=1)


@pytest.fixture(scope="session")
def four_steps(samples: Path, small_config: dict[str, Any], tmp_path_factory) -> PerceptionTraining:
    """Settings of a run of the small model that reads frames in this process."""
    directory = tmp_path_factory.mktemp("small")
    (directory / CONFIG_FILE).write_text(json.dumps(small_config))
    return PerceptionTraining(
        data=samples,
        out=directory / "run",
        preset=str(directory),
        steps=4,
        batch_size=2,
        sweeps=1,
        workers=0,
        save_every=2,
    )


@pytest.fixture
def settings(four_steps: PerceptionTraining, tmp_path: Path) -> PerceptionTraining:
    """The same run elsewhere."""
    return replace(four_steps, out=tmp_path / "run")


@pytest.fixture(scope="session")
def grid() -> RasterGrid:
    """128x128 cells of 0.8 m."""
    return RasterGrid.of(preset("tiny"))


@pytest.fixture(scope="session")
def ego_from_lidar() -> Pose:
    """As nuScenes mounts it: x to the right, y ahead, 1.84 m above the ground, and not quite level."""
    level = Pose.from_yaw(-np.pi / 2, [0.94, 0.0, 1.84])
    tilt = Pose.from_quaternion([np.cos(0.01), np.sin(0.01), 0.0, 0.0], [0.0, 0.0, 0.0])
    return level @ tilt
