"""Opening a nuScenes data set."""

from pathlib import Path

from nuscenes.nuscenes import NuScenes

from waymend.errors import InvalidField


def open_nuscenes(dataroot: Path, version: str) -> NuScenes:
    """The data set at `dataroot`.

    Raises:
        InvalidField: It has no such version, or its tables cannot be read.
    """
    if not (dataroot / version).is_dir():
        there = sorted(path.name for path in dataroot.glob("v1.0-*"))
        raise InvalidField("version", f"one of {', '.join(there)}" if there else f"tables in {dataroot}", version)
    try:
        return NuScenes(version, str(dataroot), verbose=False)
    except (KeyError, ValueError, OSError, AssertionError) as error:
        raise InvalidField(str(dataroot / version), "tables of nuScenes v1.0", repr(error)) from None
