"""The tables of nuScenes' schema v1.0, and the rows that are the same in every data set."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.data.nuscenes_format.tokens import token_of
from training.rendering.sensors import Camera, Lidar
from waymend.geometry import Pose

Row = dict[str, Any]
Tables = dict[str, list[Row]]

TABLE_NAMES = (
    "category", "attribute", "visibility", "instance", "sensor", "calibrated_sensor", "ego_pose", "log", "scene",
    "sample", "sample_data", "sample_annotation", "map",
)  # fmt: skip

CATEGORIES = (
    "human.pedestrian.adult",
    "human.pedestrian.child",
    "human.pedestrian.wheelchair",
    "human.pedestrian.stroller",
    "human.pedestrian.personal_mobility",
    "human.pedestrian.police_officer",
    "human.pedestrian.construction_worker",
    "animal",
    "vehicle.car",
    "vehicle.motorcycle",
    "vehicle.bicycle",
    "vehicle.bus.bendy",
    "vehicle.bus.rigid",
    "vehicle.truck",
    "vehicle.construction",
    "vehicle.emergency.ambulance",
    "vehicle.emergency.police",
    "vehicle.trailer",
    "movable_object.barrier",
    "movable_object.trafficcone",
    "movable_object.pushable_pullable",
    "movable_object.debris",
    "static_object.bicycle_rack",
)

ATTRIBUTES = (
    "vehicle.moving",
    "vehicle.stopped",
    "vehicle.parked",
    "cycle.with_rider",
    "cycle.without_rider",
    "pedestrian.sitting_lying_down",
    "pedestrian.standing",
    "pedestrian.moving",
)

VISIBILITIES = (("1", "v0-40", 0.4), ("2", "v40-60", 0.6), ("3", "v60-80", 0.8), ("4", "v80-100", 1.0))
"""Token, level and greatest visible share of nuScenes' visibility bins."""


def empty_tables() -> Tables:
    return {name: [] for name in TABLE_NAMES}


def fixed_rows(cameras: tuple[Camera, ...], lidar: Lidar) -> Tables:
    """Categories, attributes, visibilities, and the sensors with their mounting."""
    tables = empty_tables()
    tables["category"] = [{"token": token_of("category", name), "name": name, "description": ""} for name in CATEGORIES]
    tables["attribute"] = [
        {"token": token_of("attribute", name), "name": name, "description": ""} for name in ATTRIBUTES
    ]
    tables["visibility"] = [
        {"token": token, "level": level, "description": f"visibility of whole object is {level}"}
        for token, level, _ in VISIBILITIES
    ]
    _add_sensor(tables, "LIDAR_TOP", "lidar", lidar.ego_from_lidar, [])
    for camera in cameras:
        _add_sensor(tables, camera.name, "camera", camera.ego_from_camera, camera.intrinsic.tolist())
    return tables


def calibration_token(channel: str) -> str:
    return token_of("calibrated_sensor", channel)


def placed(pose: Pose) -> Row:
    """A pose as a row's `translation` and `rotation`."""
    return {"translation": pose.translation_m.tolist(), "rotation": pose.quaternion_wxyz.tolist()}


def linked(rows: list[Row]) -> list[Row]:
    """The rows with `prev` and `next` tokens in their order; empty at the ends."""
    tokens = ["", *(row["token"] for row in rows), ""]
    return [row | {"prev": tokens[i], "next": tokens[i + 2]} for i, row in enumerate(rows)]


def extend(tables: Tables, others: Tables) -> None:
    for name, rows in others.items():
        tables[name] += rows


def write_tables(tables: Mapping[str, list[Row]], directory: Path) -> None:
    """Writes each table as `<name>.json`."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        (directory / f"{name}.json").write_text(json.dumps(rows, indent=0))


def _add_sensor(tables: Tables, channel: str, modality: str, mounting: Pose, intrinsic: list[list[float]]) -> None:
    sensor_token = token_of("sensor", channel)
    tables["sensor"].append({"token": sensor_token, "channel": channel, "modality": modality})
    tables["calibrated_sensor"].append(
        {"token": calibration_token(channel), "sensor_token": sensor_token, "camera_intrinsic": intrinsic}
        | placed(mounting)
    )
