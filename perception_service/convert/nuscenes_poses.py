"""Poses of nuScenes records."""

from collections.abc import Mapping
from typing import Any

from nuscenes.nuscenes import NuScenes

from waymend.geometry import Pose


def pose_of(record: Mapping[str, Any]) -> Pose:
    """The pose of a record with `translation` and `rotation` (w, x, y, z)."""
    return Pose.from_quaternion(record["rotation"], record["translation"])


def global_from_ego(nuscenes: NuScenes, sample_data: Mapping[str, Any]) -> Pose:
    """Of the vehicle when the sensor fired."""
    return pose_of(nuscenes.get("ego_pose", sample_data["ego_pose_token"]))


def ego_from_sensor(nuscenes: NuScenes, sample_data: Mapping[str, Any]) -> Pose:
    """The sensor's mounting."""
    return pose_of(nuscenes.get("calibrated_sensor", sample_data["calibrated_sensor_token"]))
