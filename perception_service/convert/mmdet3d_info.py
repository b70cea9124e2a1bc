"""One sample of an mmdet3d (version 2) nuScenes info file as a frame directory."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception_service.convert.descriptions import (
    LIDAR_FILE,
    agent_description,
    camera_description,
    pose_description,
)
from perception_service.convert.lidar_sweeps import repeated_key_sweep, without_close
from perception_service.convert.plain_pickle import read_plain_pickle
from waymend.errors import InvalidField
from waymend.frames import FrameDescription, FrameDirectory
from waymend.frames.description import AgentDescription, CameraDescription, LidarDescription
from waymend.geometry import Pose
from waymend.vocabulary import CAMERA_NAMES, OBJECT_CLASSES

_LIDAR_CHANNEL = "LIDAR_TOP"
_POINT_FIELDS = 5


def frame_from_info(info_file: Path, sensors_dir: Path, index: int = 0, sweeps: int = 1) -> FrameDirectory:
    """Reads one entry of `data_list` and its sensor files.

    Sweeps are merged as mmdet3d's `LoadPointsFromMultiSweeps` does with `pad_empty_sweeps`, `remove_close` and
    `test_mode` (the newest sweeps), but for its transform: it takes R p + R^T t where R p + t is meant (mmdetection3d
    issue 3054), so that sweeps fall apart when the vehicle turns.

    Args:
        info_file: The info pickle.
        sensors_dir: Holds the files by their plain names, or below `samples/<channel>/` and `sweeps/<channel>/` as
            nuScenes does.
        index: Which entry.
        sweeps: How many LiDAR sweeps to merge, the key sweep included; where an entry has no earlier ones, the key
            sweep stands in for them.

    Raises:
        InvalidField: The file is no such info file, lacks a key or the index, or a sensor file is missing or cut off.
    """
    info = read_plain_pickle(info_file)
    try:
        entries, categories = info["data_list"], info["metainfo"]["categories"]
        if not 0 <= index < len(entries):
            raise InvalidField("index", f"0 to {len(entries) - 1}", index)
        return _frame(entries[index], {label: name for name, label in categories.items()}, sensors_dir, sweeps)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise InvalidField(info_file.name, "an mmdet3d version 2 info file", repr(error)) from None


def _frame(entry: Mapping[str, Any], classes: Mapping[int, str], sensors_dir: Path, sweeps: int) -> FrameDirectory:
    ego_from_lidar = Pose.from_matrix(entry["lidar_points"]["lidar2ego"])
    jpegs = {name: _read(sensors_dir, name, entry["images"][name]["img_path"]) for name in CAMERA_NAMES}
    lidar = _merged_sweeps(entry, sensors_dir, sweeps).tobytes()
    description = FrameDescription(
        frame_id=entry["token"],
        timestamp_us=_microseconds(entry["timestamp"]),
        global_from_ego=pose_description(Pose.from_matrix(entry["ego2global"])),
        lidar=LidarDescription(file=LIDAR_FILE, ego_from_lidar=pose_description(ego_from_lidar)),
        cameras={name: _camera(name, entry["images"][name], jpegs[name], ego_from_lidar) for name in CAMERA_NAMES},
        agents=_agents(entry["instances"], classes, ego_from_lidar),
    )
    return FrameDirectory(description, lidar, jpegs)


def _camera(name: str, image: Mapping[str, Any], jpeg: bytes, ego_from_lidar: Pose) -> CameraDescription:
    """`lidar2cam` holds the ego motion between the two exposures; `cam2ego` does not."""
    camera_from_lidar = Pose.from_matrix(image["lidar2cam"])
    return camera_description(
        name,
        jpeg,
        timestamp_us=_microseconds(image["timestamp"]),
        intrinsic=np.asarray(image["cam2img"], np.float64)[:3, :3],
        ego_from_camera=ego_from_lidar @ camera_from_lidar.inverse(),
    )


def _merged_sweeps(entry: Mapping[str, Any], sensors_dir: Path, sweeps: int) -> NDArray[np.float32]:
    """float32 [N, 5]: x, y, z in the LiDAR frame of the key sweep, intensity, age of the sweep (s)."""
    key_points = _points(entry, sensors_dir, age_s=0.0)
    earlier = entry.get("lidar_sweeps")
    if not earlier:
        return repeated_key_sweep(key_points, sweeps)
    merged = [key_points]
    for sweep in earlier[: sweeps - 1]:
        points = without_close(_points(sweep, sensors_dir, age_s=entry["timestamp"] - sweep["timestamp"]))
        sweep_from_key = Pose.from_matrix(sweep["lidar_points"]["lidar2sensor"])
        points[:, :3] = sweep_from_key.inverse().apply(points[:, :3])
        merged.append(points)
    return np.concatenate(merged)


def _points(sweep: Mapping[str, Any], sensors_dir: Path, age_s: float) -> NDArray[np.float32]:
    """The fifth column of a nuScenes file is the ring; here it becomes the age."""
    data = _read(sensors_dir, _LIDAR_CHANNEL, sweep["lidar_points"]["lidar_path"])
    if len(data) % (4 * _POINT_FIELDS):
        raise InvalidField("lidar_points.lidar_path", f"float32 [N, {_POINT_FIELDS}]", f"{len(data)} bytes")
    points = np.frombuffer(data, "<f4").reshape(-1, _POINT_FIELDS).copy()
    points[:, 4] = age_s
    return points


def _agents(
    instances: list[Mapping[str, Any]], classes: Mapping[int, str], ego_from_lidar: Pose
) -> list[AgentDescription]:
    """Boxes of the ten classes that at least one LiDAR or radar point falls into."""
    return [
        _agent(instance, classes[instance["bbox_label_3d"]], ego_from_lidar)
        for instance in instances
        if instance["bbox_3d_isvalid"] and classes.get(instance["bbox_label_3d"]) in OBJECT_CLASSES
    ]


def _agent(instance: Mapping[str, Any], object_class: str, ego_from_lidar: Pose) -> AgentDescription:
    """`bbox_3d`: centre, length, width, height and yaw in the LiDAR frame; `velocity`: in its axes."""
    x, y, z, length, width, height, yaw_rad = instance["bbox_3d"]
    velocity_lidar_mps = np.array([*instance["velocity"], 0.0])
    return agent_description(
        track_id="",
        object_class=object_class,
        ego_from_box=ego_from_lidar @ Pose.from_yaw(yaw_rad, (x, y, z)),
        size_lwh_m=(length, width, height),
        velocity_ego_mps=ego_from_lidar.rotation @ velocity_lidar_mps,
    )


def _read(sensors_dir: Path, channel: str, given_path: str) -> bytes:
    name = Path(given_path).name
    folders = (sensors_dir, sensors_dir / "samples" / channel, sensors_dir / "sweeps" / channel)
    for path in (folder / name for folder in folders):
        if path.is_file():
            return path.read_bytes()
    raise InvalidField(channel, f"a file {name} in {sensors_dir}", "no such file")


def _microseconds(seconds: float) -> int:
    return math.floor(seconds * 1e6 + 0.5)
