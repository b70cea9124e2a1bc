"""A nuScenes data set of one scene, written in its own format: a vehicle on a circle, a parked car, a wall of points.

The LiDAR fires every 0.5 s and every firing is a sample; each camera fires `CAMERA_LEAD_US` before it.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pyquaternion import Quaternion

from tests.perception_service.small_frame import HEIGHT_PX, WIDTH_PX, jpeg_of
from waymend.geometry import Pose
from waymend.vocabulary import CAMERA_NAMES

VERSION = "v1.0-mini"
LOCATION = "boston-seaport"
START_US = 1_530_000_000_000_000
STEP_US = 500_000
SAMPLES = 13
CAMERA_LEAD_US = 40_000
SPEED_MPS = 6.0
YAW_RATE_RADPS = 0.1
CAR_CENTER_GLOBAL_M = (480.0, 620.0, 0.9)
WALKER_VELOCITY_MPS = (0.6, -0.8)
EGO_FROM_LIDAR = Pose.from_yaw(-math.pi / 2, (0.94, 0.0, 1.84))
LANDMARK_GLOBAL_M = np.array([[470.0, 640.0, 1.0], [455.0, 610.0, 2.0], [465.0, 630.0, 0.5]])


def ego_pose_at(time_s: float) -> Pose:
    """The vehicle on its circle, `time_s` after the first sample."""
    yaw = 1.0 + YAW_RATE_RADPS * time_s
    radius = SPEED_MPS / YAW_RATE_RADPS
    x = 450.0 + radius * (math.sin(yaw) - math.sin(1.0))
    y = 600.0 - radius * (math.cos(yaw) - math.cos(1.0))
    return Pose.from_yaw(yaw, (x, y, 0.0))


def write_data_set(dataroot: Path) -> list[str]:
    """Writes tables and sensor files; returns the sample tokens in order."""
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
    _write_fixed(dataroot, tables)
    for index in range(SAMPLES):
        _write_sample(dataroot, tables, index)
    for name, rows in tables.items():
        path = dataroot / VERSION / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(rows))
    return [row["token"] for row in tables["sample"]]


_TABLES = (
    "category", "attribute", "visibility", "instance", "sensor", "calibrated_sensor", "ego_pose", "log", "scene",
    "sample", "sample_data", "sample_annotation", "map",
)  # fmt: skip
_INSTANCES = {
    "car": ("vehicle.car", (1.9, 4.6, 1.7)),
    "walker": ("human.pedestrian.adult", (0.7, 0.7, 1.8)),
    "trolley": ("human.pedestrian.stroller", (0.6, 0.9, 1.1)),
    "unseen": ("vehicle.truck", (2.5, 8.0, 3.0)),
}
_ATTRIBUTES = {"car": "vehicle.parked", "walker": "pedestrian.moving", "unseen": "vehicle.parked"}


def _write_fixed(dataroot: Path, tables: dict[str, list[dict[str, Any]]]) -> None:
    (dataroot / "maps").mkdir(parents=True)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(dataroot / "maps" / "mask.png")
    tables["map"].append(
        {"token": "map", "log_tokens": ["log"], "category": "semantic_prior", "filename": "maps/mask.png"}
    )
    tables["log"].append({"token": "log", "location": LOCATION})
    tables["scene"].append({"token": "scene", "log_token": "log", "name": "scene-0001"})
    for name, (category, _) in _INSTANCES.items():
        tables["category"].append({"token": category, "name": category})
        tables["instance"].append({"token": name, "category_token": category})
    for attribute in sorted(set(_ATTRIBUTES.values())):
        tables["attribute"].append({"token": attribute, "name": attribute})
    for channel in ("LIDAR_TOP", *CAMERA_NAMES):
        modality = "lidar" if channel == "LIDAR_TOP" else "camera"
        tables["sensor"].append({"token": channel, "channel": channel, "modality": modality})
        mounting = EGO_FROM_LIDAR if modality == "lidar" else camera_mounting(channel)
        intrinsic = [[126.0, 0, WIDTH_PX / 2], [0, 126.0, HEIGHT_PX / 2], [0, 0, 1]] if modality == "camera" else []
        tables["calibrated_sensor"].append(
            {"token": channel, "sensor_token": channel, "camera_intrinsic": intrinsic, **_placed(mounting)}
        )


def camera_mounting(channel: str) -> Pose:
    """Camera axes (z forward, y down) turned into the vehicle's, then by the camera's yaw."""
    yaw_deg = (0, -55, 55, 180, 110, -110)[CAMERA_NAMES.index(channel)]
    looking_forward = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
    return Pose.from_yaw(math.radians(yaw_deg), (1.5, 0.0, 1.5)) @ Pose(looking_forward, np.zeros(3))


def _write_sample(dataroot: Path, tables: dict[str, list[dict[str, Any]]], index: int) -> None:
    timestamp_us = START_US + index * STEP_US
    token = f"sample-{index}"
    tables["sample"].append(
        {"token": token, "timestamp": timestamp_us, "scene_token": "scene", **_links("sample", index)}
    )
    for channel in ("LIDAR_TOP", *CAMERA_NAMES):
        fired_us = timestamp_us if channel == "LIDAR_TOP" else timestamp_us - CAMERA_LEAD_US
        name = f"samples/{channel}/{index}.{'pcd.bin' if channel == 'LIDAR_TOP' else 'jpg'}"
        pose = ego_pose_at((fired_us - START_US) * 1e-6)
        tables["ego_pose"].append({"token": f"{channel}-{index}", "timestamp": fired_us, **_placed(pose)})
        tables["sample_data"].append({
            "token": f"{channel}-{index}", "sample_token": token, "ego_pose_token": f"{channel}-{index}",
            "calibrated_sensor_token": channel, "timestamp": fired_us, "fileformat": "", "is_key_frame": True,
            "filename": name, **_links(channel, index),
        })  # fmt: skip
        path = dataroot / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if channel == "LIDAR_TOP":
            _landmarks_in_lidar(pose).tofile(path)
        else:
            path.write_bytes(jpeg_of(np.full((HEIGHT_PX, WIDTH_PX, 3), index * 10, np.uint8)))
    for name, (_, size) in _INSTANCES.items():
        tables["sample_annotation"].append({
            "token": f"{name}-{index}", "sample_token": token, "instance_token": name, "visibility_token": "",
            "attribute_tokens": [_ATTRIBUTES[name]] if name in _ATTRIBUTES else [], "size": size,
            **_placed(_instance_pose(name, index)), **_links(name, index),
            "num_lidar_pts": 0 if name == "unseen" else 5, "num_radar_pts": 0,
        })  # fmt: skip


def _landmarks_in_lidar(global_from_ego: Pose) -> np.ndarray:
    """The landmarks as the LiDAR sees them: float32 [N, 5], x, y, z, intensity, ring."""
    points = (global_from_ego @ EGO_FROM_LIDAR).inverse().apply(LANDMARK_GLOBAL_M)
    return np.column_stack([points, np.full(len(points), 100.0), np.full(len(points), 17.0)]).astype("<f4")


def _instance_pose(name: str, index: int) -> Pose:
    x, y, z = CAR_CENTER_GLOBAL_M
    if name == "walker":
        time_s = index * STEP_US * 1e-6
        return Pose.from_yaw(0.0, (x + WALKER_VELOCITY_MPS[0] * time_s, y + 5 + WALKER_VELOCITY_MPS[1] * time_s, z))
    return Pose.from_yaw(0.5, (x, y, z))


def _placed(pose: Pose) -> dict[str, list[float]]:
    rotation = Quaternion(matrix=pose.rotation)
    return {"translation": pose.translation_m.tolist(), "rotation": rotation.elements.tolist()}


def _links(name: str, index: int) -> dict[str, str]:
    return {
        "prev": f"{name}-{index - 1}" if index else "",
        "next": f"{name}-{index + 1}" if index + 1 < SAMPLES else "",
    }


def write_map_expansion(dataroot: Path) -> None:
    """A road 20 m wide along the global x axis through (450, 600), with a lane, a divider and a crossing."""
    nodes = {
        "a": (-50, 590), "b": (950, 590), "c": (950, 610), "d": (-50, 610),
        "e": (-50, 600), "f": (950, 600), "g": (460, 590), "h": (464, 590), "i": (464, 610), "j": (460, 610),
    }  # fmt: skip
    arcline = {
        "start_pose": [400.0, 595.0, 0.0], "end_pose": [500.0, 595.0, 0.0], "shape": "LSR", "radius": 999.0,
        "segment_length": [0.0, 100.0, 0.0],
    }  # fmt: skip
    road_map = {
        "version": "1.3",
        "canvas_edge": [1000.0, 1000.0],
        "node": [{"token": token, "x": float(x), "y": float(y)} for token, (x, y) in nodes.items()],
        "polygon": [
            {"token": "road", "exterior_node_tokens": list("abcd"), "holes": []},
            {"token": "stripes", "exterior_node_tokens": list("ghij"), "holes": []},
        ],
        "line": [{"token": "middle", "node_tokens": ["e", "f"]}],
        "drivable_area": [{"token": "drivable", "polygon_tokens": ["road"]}],
        "lane": [
            {
                "token": "lane",
                "polygon_token": "road",
                "left_lane_divider_segments": [],
                "right_lane_divider_segments": [],
            }
        ],
        "ped_crossing": [{"token": "crossing", "polygon_token": "stripes"}],
        "lane_divider": [{"token": "divider", "line_token": "middle"}],
        "arcline_path_3": {"lane": [arcline]},
        "connectivity": {},
    }
    empty = ("road_segment", "road_block", "walkway", "stop_line", "carpark_area", "road_divider", "traffic_light")
    road_map |= {layer: [] for layer in (*empty, "lane_connector")}
    path = dataroot / "maps" / "expansion" / f"{LOCATION}.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(road_map))
