"""Merging LiDAR sweeps of nuScenes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from nuscenes.nuscenes import NuScenes

from perception_service.convert.nuscenes_poses import ego_from_sensor, global_from_ego
from waymend.errors import InvalidField
from waymend.geometry import Pose

_POINT_FIELDS = 5


def merged_sweeps(nuscenes: NuScenes, key_sweep: Mapping[str, Any], sweeps: int) -> NDArray[np.float32]:
    """The key sweep and up to `sweeps - 1` before it: float32 [N, 5], x, y, z in the LiDAR frame of the key sweep.

    Intensity as given; the fifth column is the age of a point's sweep in seconds.
    """
    lidar_from_global = _global_from_lidar(nuscenes, key_sweep).inverse()
    merged: list[NDArray[np.float32]] = []
    record: Mapping[str, Any] = key_sweep
    while True:
        points = _read_points(Path(nuscenes.get_sample_data_path(record["token"])))
        if record is not key_sweep:
            points[:, :3] = (lidar_from_global @ _global_from_lidar(nuscenes, record)).apply(points[:, :3])
        points[:, 4] = (key_sweep["timestamp"] - record["timestamp"]) * 1e-6
        merged.append(points)
        if len(merged) == sweeps or not record["prev"]:
            return np.concatenate(merged)
        record = nuscenes.get("sample_data", record["prev"])


def _global_from_lidar(nuscenes: NuScenes, sweep: Mapping[str, Any]) -> Pose:
    return global_from_ego(nuscenes, sweep) @ ego_from_sensor(nuscenes, sweep)


def _read_points(path: Path) -> NDArray[np.float32]:
    values = np.fromfile(path, "<f4")
    if values.size % _POINT_FIELDS:
        raise InvalidField(path.name, f"float32 [N, {_POINT_FIELDS}]", f"{values.size * 4} bytes")
    return values.reshape(-1, _POINT_FIELDS)
