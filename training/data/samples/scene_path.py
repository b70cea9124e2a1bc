"""Where the ego vehicle drove through a whole scene."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from nuscenes.nuscenes import NuScenes

from perception_service.convert.nuscenes_poses import global_from_ego
from waymend.errors import InvalidField


@dataclass(frozen=True, slots=True, eq=False)
class ScenePath:
    """Ego poses of all LiDAR sweeps of a scene, in the global frame.

    Attributes:
        timestamps_us: int64 [K], rising.
        xy_m: float64 [K, 2], of the rear axle.
        yaw_rad: float64 [K], unwrapped.
    """

    timestamps_us: NDArray[np.int64]
    xy_m: NDArray[np.float64]
    yaw_rad: NDArray[np.float64]


def scene_path(nuscenes: NuScenes, scene: Mapping[str, Any]) -> ScenePath:
    """Reads the poses; KeyError where a record is missing."""
    records = list(_sweeps(nuscenes, scene))
    poses = [global_from_ego(nuscenes, record) for record in records]
    return ScenePath(
        timestamps_us=np.array([record["timestamp"] for record in records], np.int64),
        xy_m=np.array([pose.translation_m[:2] for pose in poses]),
        yaw_rad=np.unwrap([pose.yaw_rad for pose in poses]),
    )


def samples_of(nuscenes: NuScenes, scene: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The scene's samples in their order; KeyError where one is missing."""
    token = scene["first_sample_token"]
    while token:
        sample = nuscenes.get("sample", token)
        yield sample
        token = sample["next"]


def lidar_of(nuscenes: NuScenes, sample: Mapping[str, Any]) -> Mapping[str, Any]:
    """The key sweep of a sample.

    Raises:
        InvalidField: The sample has none.
    """
    if "LIDAR_TOP" not in sample["data"]:
        raise InvalidField(f"sample.{sample['token']}", "a LIDAR_TOP key sweep", "none")
    return nuscenes.get("sample_data", sample["data"]["LIDAR_TOP"])


def _sweeps(nuscenes: NuScenes, scene: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    record = lidar_of(nuscenes, nuscenes.get("sample", scene["first_sample_token"]))
    while record["prev"]:
        record = nuscenes.get("sample_data", record["prev"])
    yield record
    while record["next"]:
        record = nuscenes.get("sample_data", record["next"])
        yield record
