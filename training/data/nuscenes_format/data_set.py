"""Writes drives as one nuScenes data set."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from training.data.drives.drive import Drive
from training.data.drives.road_map import merged
from training.data.nuscenes_format.map_expansion import write_map_expansion
from training.data.nuscenes_format.map_raster import write_map_raster
from training.data.nuscenes_format.placement import canvas_m, place
from training.data.nuscenes_format.scene import log_row, log_token, write_scene
from training.data.nuscenes_format.tables import extend, fixed_rows, write_tables
from training.data.nuscenes_format.tokens import token_of
from training.data.sensing.drive_world import RigSettings, SensorRig
from training.data.workers import each_in_processes
from waymend.errors import InvalidField


@dataclass(frozen=True, slots=True)
class WritingOptions:
    """How a data set is written.

    Attributes:
        version: Name of the folder of tables; nuscenes-devkit's tools know `v1.0-mini`, `v1.0-trainval`, `v1.0-test`.
        sweeps_between: LiDAR sweeps between one key frame and the next.
        workers: Processes that render.
    """

    version: str = "v1.0-mini"
    rig: RigSettings = field(default_factory=RigSettings)
    sweeps_between: int = 0
    workers: int = 1


def write_data_set(drives: Sequence[Drive], dataroot: Path, options: WritingOptions) -> list[Drive]:
    """Renders the drives into an empty or new folder, and returns them as they were placed.

    Raises:
        InvalidField: No drives, two of one name, or a folder that holds something.
    """
    _check(drives, dataroot)
    placed = place(drives)
    tables = fixed_rows(SensorRig(options.rig).cameras, SensorRig(options.rig).lidar)
    render = partial(write_scene, dataroot=dataroot, settings=options.rig, sweeps_between=options.sweeps_between)
    for rows in each_in_processes(render, placed, options.workers, "Rendering scenes"):
        extend(tables, rows)
    tables["log"] = list({log_token(drive): log_row(drive) for drive in placed}.values())
    for location in sorted({drive.location for drive in placed if drive.location}):
        tables["map"].append(_write_map(location, placed, dataroot))
    write_tables(tables, dataroot / options.version)
    return placed


def _write_map(location: str, drives: Sequence[Drive], dataroot: Path) -> dict[str, object]:
    here = [drive for drive in drives if drive.location == location]
    road_map, canvas = merged([drive.road_map for drive in here]), canvas_m(here)
    write_map_expansion(road_map, location, canvas, dataroot / "maps" / "expansion")
    file = f"maps/{token_of('map', location)}.png"
    write_map_raster(road_map, canvas, dataroot / file)
    logs = list(dict.fromkeys(log_token(drive) for drive in here))
    return {"token": token_of("map", location), "log_tokens": logs, "category": "semantic_prior", "filename": file}


def _check(drives: Sequence[Drive], dataroot: Path) -> None:
    if not drives:
        raise InvalidField("drives", "at least one", "none")
    name, count = Counter(drive.name for drive in drives).most_common(1)[0]
    if count > 1:
        raise InvalidField("drives", "scenes with names of their own", f"{count} of the name {name}")
    check_empty(dataroot)


def check_empty(directory: Path) -> None:
    """
    Raises:
        InvalidField: The folder holds something, which could be precious.
    """
    if directory.exists() and any(directory.iterdir()):
        raise InvalidField("out", "an empty or new folder", directory)
