"""One sample of a nuScenes data set as a frame directory, read through nuscenes-devkit."""

from pathlib import Path
from typing import Any

import numpy as np
from nuscenes.nuscenes import NuScenes

from perception_service.convert.descriptions import LIDAR_FILE, camera_description, pose_description
from perception_service.convert.nuscenes_agents import agents_of_sample
from perception_service.convert.nuscenes_map import map_around
from perception_service.convert.nuscenes_motion import ego_state_at, ego_track, future_trajectory, past_poses
from perception_service.convert.nuscenes_poses import ego_from_sensor, global_from_ego
from perception_service.convert.nuscenes_sweeps import merged_sweeps
from waymend.errors import InvalidField
from waymend.frames import FrameDescription, FrameDirectory
from waymend.frames.description import CameraDescription, LidarDescription
from waymend.geometry import Pose
from waymend.trajectory import Horizon
from waymend.vocabulary import CAMERA_NAMES


def frame_from_sample(
    nuscenes: NuScenes,
    sample_token: str,
    sweeps: int = 10,
    horizon: Horizon | None = None,
    repeat_lone_sweep: bool = False,
    with_map: bool = True,
) -> FrameDirectory:
    """Reads a sample: the ego frame is that of the LiDAR key sweep.

    Args:
        nuscenes: The opened data set.
        sample_token: Which sample.
        sweeps: How many LiDAR sweeps to merge, the key sweep included.
        horizon: Of the true future trajectory; None for the default.
        repeat_lone_sweep: Whether a key sweep without predecessors stands in for them, as in mmdet3d's pipelines.
        with_map: Whether to add the map around the vehicle, where the map expansion is installed.

    Raises:
        InvalidField: There is no such sample, or it lacks a sensor.
    """
    sample = _sample(nuscenes, sample_token)
    lidar = nuscenes.get("sample_data", sample["data"]["LIDAR_TOP"])
    global_pose, ego_from_lidar = global_from_ego(nuscenes, lidar), ego_from_sensor(nuscenes, lidar)
    jpegs = {name: _jpeg(nuscenes, sample["data"][name]) for name in CAMERA_NAMES}
    track = ego_track(nuscenes, lidar)
    lidar_points = merged_sweeps(nuscenes, lidar, sweeps, repeat_lone_sweep)
    description = FrameDescription(
        frame_id=sample_token,
        timestamp_us=lidar["timestamp"],
        global_from_ego=pose_description(global_pose),
        ego_state=ego_state_at(track),
        ego_history=past_poses(track, lidar["timestamp"]),
        lidar=LidarDescription(file=LIDAR_FILE, ego_from_lidar=pose_description(ego_from_lidar)),
        cameras={
            name: _camera(nuscenes, name, sample["data"][name], jpegs[name], global_pose) for name in CAMERA_NAMES
        },
        agents=agents_of_sample(nuscenes, sample, global_pose),
        map=map_around(Path(nuscenes.dataroot), _location(nuscenes, sample), global_pose) if with_map else None,
        future_trajectory_ego_m=future_trajectory(track, horizon or Horizon()),
    )
    return FrameDirectory(description, lidar_points.tobytes(), jpegs)


def _sample(nuscenes: NuScenes, sample_token: str) -> dict[str, Any]:
    try:
        sample = nuscenes.get("sample", sample_token)
    except KeyError:
        raise InvalidField("sample", "the token of a sample of this data set", sample_token) from None
    if missing := [name for name in ("LIDAR_TOP", *CAMERA_NAMES) if name not in sample["data"]]:
        raise InvalidField("sample", "a sample with LiDAR and six cameras", f"without {', '.join(missing)}")
    return sample


def _jpeg(nuscenes: NuScenes, sample_data_token: str) -> bytes:
    return Path(nuscenes.get_sample_data_path(sample_data_token)).read_bytes()


def _camera(
    nuscenes: NuScenes, name: str, sample_data_token: str, jpeg: bytes, global_from_ego_at_lidar: Pose
) -> CameraDescription:
    record = nuscenes.get("sample_data", sample_data_token)
    calibration = nuscenes.get("calibrated_sensor", record["calibrated_sensor_token"])
    global_from_camera = global_from_ego(nuscenes, record) @ ego_from_sensor(nuscenes, record)
    return camera_description(
        name,
        jpeg,
        timestamp_us=record["timestamp"],
        intrinsic=np.asarray(calibration["camera_intrinsic"], np.float64),
        ego_from_camera=global_from_ego_at_lidar.inverse() @ global_from_camera,
    )


def _location(nuscenes: NuScenes, sample: dict[str, Any]) -> str:
    scene = nuscenes.get("scene", sample["scene_token"])
    return nuscenes.get("log", scene["log_token"])["location"]
