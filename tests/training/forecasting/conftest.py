"""Correction samples of three short drives, and a perception half that nothing has trained."""

from pathlib import Path

import pytest
from nuscenes.nuscenes import NuScenes

from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import preset
from tests.training.data.straight_drive import three_drives
from training.data.nuscenes_format.data_set import WritingOptions, write_data_set
from training.data.samples.build import build_samples
from training.data.sensing.drive_world import RigSettings
from training.perceiving.outcome import write_perception

VERSION = "v1.0-mini"


@pytest.fixture(scope="session")
def samples(tmp_path_factory) -> Path:
    """Two drives to train on, which come near a stop line, and one in the val split."""
    root, out = tmp_path_factory.mktemp("nuscenes"), tmp_path_factory.mktemp("samples") / "data"
    write_data_set(three_drives(20), root, WritingOptions(version=VERSION, rig=RigSettings(16, 16, 120)))
    build_samples(NuScenes(VERSION, str(root), verbose=False), out, seed=3, shares=(2 / 3, 1 / 3, 0))
    return out


@pytest.fixture(scope="session")
def fresh_perception(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("perception")
    document = preset("tiny")
    write_perception(PerceptionModel.from_config(document), document, out)
    (out / "recipe.json").write_text("{}")
    return out
