"""Two short drives written as one data set and opened by nuscenes-devkit."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from nuscenes.nuscenes import NuScenes

from tests.training.data.straight_drive import straight_drive
from training.data.drives.drive import Drive
from training.data.nuscenes_format.data_set import WritingOptions, write_data_set

OPTIONS = WritingOptions(sweeps_between=1)


@dataclass(frozen=True)
class Written:
    nuscenes: NuScenes
    drives: list[Drive]

    @property
    def dataroot(self) -> Path:
        return Path(self.nuscenes.dataroot)

    def samples(self, drive):
        scene = next(scene for scene in self.nuscenes.scene if scene["name"] == drive.name)
        sample = self.nuscenes.get("sample", scene["first_sample_token"])
        while True:
            yield sample
            if not sample["next"]:
                return
            sample = self.nuscenes.get("sample", sample["next"])


def two_drives():
    """One keeps right, one left."""
    return [straight_drive(), straight_drive(frames=2, name="scene-0002").mirrored()]


@pytest.fixture(scope="package")
def written(tmp_path_factory):
    dataroot = tmp_path_factory.mktemp("nuscenes")
    drives = write_data_set(two_drives(), dataroot, OPTIONS)
    return Written(NuScenes(OPTIONS.version, str(dataroot), verbose=False), drives)
