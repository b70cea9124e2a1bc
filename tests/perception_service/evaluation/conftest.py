from pathlib import Path

import pytest
from nuscenes.nuscenes import NuScenes

from tests.perception_service.convert import synthetic_nuscenes as data_set


@pytest.fixture(scope="session")
def dataroot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("nuscenes")
    data_set.write_data_set(directory)
    return directory


@pytest.fixture(scope="session")
def nuscenes(dataroot: Path) -> NuScenes:
    return NuScenes(data_set.VERSION, str(dataroot), verbose=False)
