"""Procedural drives into a nuScenes data set: driving, rendering and writing, as `training data synthesize` does it."""

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.table import Figure
from training.data.drives.drive import Drive
from training.data.nuscenes_format.data_set import WritingOptions, write_data_set
from training.data.sensing.drive_world import DriveWorld, RigSettings, SensorRig, jpeg_of
from training.data.traffic.drive import synthesize_drive

_DRIVES, _KEY_FRAMES = 4, 20
_SEED = 7
_SLOWEST_HZ = 2.0


def measure() -> list[Figure]:
    """Time of each part of a key frame in one process, and frames/s of the whole with a process per core."""
    started = time.perf_counter()
    drives = [synthesize_drive(index, _SEED) for index in range(_DRIVES)]
    driving_s = (time.perf_counter() - started) / _DRIVES
    drives = [replace(drive, keyframe_times_s=drive.keyframe_times_s[:_KEY_FRAMES]) for drive in drives]
    rendered_hz = _whole_hz(drives)
    figures = [Figure("driving 20 s, one process", f"{driving_s:.2f} s"), *_parts_of_a_frame(drives[0])]
    name = f"key frames of six 352x128 images and 32 x 1080 rays, {os.cpu_count()} processes"
    figures.append(Figure(name, f"{rendered_hz:.2f} /s", f">= {_SLOWEST_HZ:.0f} /s", rendered_hz >= _SLOWEST_HZ))
    return figures


def _whole_hz(drives: list[Drive]) -> float:
    """Starting the processes, making up the surroundings and writing the files included."""
    with tempfile.TemporaryDirectory() as scratch:
        started = time.perf_counter()
        write_data_set(drives, Path(scratch) / "drives", WritingOptions(workers=os.cpu_count() or 1))
        return len(drives) * _KEY_FRAMES / (time.perf_counter() - started)


def _parts_of_a_frame(drive: Drive) -> list[Figure]:
    rig, spent = SensorRig(RigSettings()), dict.fromkeys(("world", "LiDAR", "cameras"), 0.0)
    world = DriveWorld(drive)
    for time_s in drive.keyframe_times_s.tolist():
        clock = [time.perf_counter()]
        moment = world.at(time_s)
        clock.append(time.perf_counter())
        moment.scan(rig.lidar)
        clock.append(time.perf_counter())
        for camera in rig.cameras:
            jpeg_of(moment.image(camera).rgb, rig.settings.jpeg_quality)
        clock.append(time.perf_counter())
        for name, before, after in zip(spent, clock, clock[1:], strict=False):
            spent[name] += after - before
    frames = len(drive.keyframe_times_s)
    times = ", ".join(f"{1e3 * seconds / frames:.0f}" for seconds in spent.values())
    return [Figure(f"a key frame in one process: {', '.join(spent)}", f"{times} ms")]
