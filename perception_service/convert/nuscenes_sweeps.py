"""Merging LiDAR sweeps of nuScenes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from nuscenes.nuscenes import NuScenes

from perception_service.convert.lidar_sweeps import repeated_key_sweep, without_close
from perception_service.convert.nuscenes_poses import ego_from_sensor, global_from_ego
from waymend.errors import InvalidField
from waymend.geometry import Pose

_POINT_FIELDS = 5


def merged_sweeps(
    nuscenes: NuScenes, key_sweep: Mapping[str, Any], sweeps: int, repeat_lone_sweep: bool = False
) -> NDArray[np.float32]:
    """The key sweep and up to `sweeps - 1` before it: float32 [N, 5], x, y, z in the LiDAR frame of the key sweep.

    Intensity as given; the fifth column is the age of a point's sweep in seconds. Earlier sweeps come without the
    points on the vehicle. Where there is no earlier one, the key sweep stands in for it if `repeat_lone_sweep`.
    """
    lidar_from_global = _global_from_lidar(nuscenes, key_sweep).inverse()
    merged = [_read_points(nuscenes, key_sweep)]
    merged[0][:, 4] = 0.0
    record = key_sweep
    while len(merged) < sweeps and record["prev"]:
        record = nuscenes.get("sample_data", record["prev"])
        points = without_close(_read_points(nuscenes, record))
        points[:, :3] = (lidar_from_global @ _global_from_lidar(nuscenes, record)).apply(points[:, :3])
        points[:, 4] = (key_sweep["timestamp"] - record["timestamp"]) * 1e-6
        merged.append(points)
    if len(merged) == 1 and repeat_lone_sweep:
        return repeated_key_sweep(merged[0], sweeps)
    return np.concatenate(merged)


def _global_from_lidar(nuscenes: NuScenes, sweep: Mapping[str, Any]) -> Pose:
    return global_from_ego(nuscenes, sweep) @ ego_from_sensor(nuscenes, sweep)


def _read_points(nuscenes: NuScenes, sweep: Mapping[str, Any]) -> NDArray[np.float32]:
    path = Path(nuscenes.get_sample_data_path(sweep["token"]))
    values = np.fromfile(path, "<f4")
    if values.size % _POINT_FIELDS:
        raise InvalidField(path.name, f"float32 [N, {_POINT_FIELDS}]", f"{values.size * 4} bytes")
    return values.reshape(-1, _POINT_FIELDS)
