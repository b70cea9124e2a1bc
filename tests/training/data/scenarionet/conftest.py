"""The two small scenarios as drives, and where the real logs lie."""

from pathlib import Path

import pytest

from tests.training.data.scenarionet.scenario_files import nuscenes_scenario, waymo_scenario, written
from training.data.scenarionet.log import read_drive

SHARED_DATA = Path(__file__).parents[5] / "shared" / "data"


@pytest.fixture(scope="session")
def nuscenes_drive(tmp_path_factory):
    return read_drive(written(tmp_path_factory.mktemp("nuscenes"), nuscenes_scenario()))


@pytest.fixture(scope="session")
def waymo_drive(tmp_path_factory):
    return read_drive(written(tmp_path_factory.mktemp("waymo"), waymo_scenario()))
