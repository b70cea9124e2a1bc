"""Key frames as rows of a parquet file: every field of `Keyframe`, numbers as float32."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from training.data.samples.keyframe import Keyframe
from waymend.agents import AgentBox, DrivableArea, Polyline, VectorMap
from waymend.trajectory import EgoState

Row = dict[str, Any]

_NUMBERS = pa.list_(pa.float32())
POINTS = pa.list_(_NUMBERS)
EGO_STATE = pa.struct(
    {"speed_mps": pa.float32(), "acceleration_mps2": pa.float32(), "yaw_rate_radps": pa.float32()}.items()
)
_AGENT = pa.struct(
    {
        "track_id": pa.string(),
        "object_class": pa.string(),
        "center_ego_m": _NUMBERS,
        "length_m": pa.float32(),
        "width_m": pa.float32(),
        "height_m": pa.float32(),
        "yaw_rad": pa.float32(),
        "velocity_ego_mps": _NUMBERS,
        "score": pa.float32(),
    }.items()
)
_POLYLINE = pa.struct({"kind": pa.string(), "points_ego_m": POINTS}.items())
_AREA = pa.struct({"exterior_ego_m": POINTS, "holes_ego_m": pa.list_(POINTS)}.items())
_MAP = pa.struct({"polylines": pa.list_(_POLYLINE), "drivable_areas": pa.list_(_AREA)}.items())

KEYFRAME_SCHEMA = pa.schema(
    {
        "sample_token": pa.string(),
        "scene_name": pa.string(),
        "log_name": pa.string(),
        "location": pa.string(),
        "timestamp_us": pa.int64(),
        "ego_state": EGO_STATE,
        "history_ego": POINTS,
        "future_ego_m": POINTS,
        "command": pa.string(),
        "agents": pa.list_(_AGENT),
        "road_map": _MAP,
    }
)


def keyframe_row(keyframe: Keyframe) -> Row:
    """A row of `KEYFRAME_SCHEMA`."""
    return {
        "sample_token": keyframe.sample_token,
        "scene_name": keyframe.scene_name,
        "log_name": keyframe.log_name,
        "location": keyframe.location,
        "timestamp_us": keyframe.timestamp_us,
        "ego_state": ego_state_row(keyframe.ego_state),
        "history_ego": numbers(keyframe.history_ego),
        "future_ego_m": numbers(keyframe.future_ego_m),
        "command": keyframe.command,
        "agents": [_agent_row(agent) for agent in keyframe.agents],
        "road_map": None if keyframe.road_map is None else _map_row(keyframe.road_map),
    }


def keyframe_from_row(row: Mapping[str, Any]) -> Keyframe:
    """The key frame of a row of `keyframe_row`, as it is or read back from a file.

    Numbers are those of the file, float32, so that both give the same key frame.
    """
    return Keyframe(
        sample_token=row["sample_token"],
        scene_name=row["scene_name"],
        log_name=row["log_name"],
        location=row["location"],
        timestamp_us=row["timestamp_us"],
        ego_state=EgoState(**{name: _rounded(value) for name, value in row["ego_state"].items()}),
        history_ego=_points(row["history_ego"], 4).astype(np.float64),
        future_ego_m=_points(row["future_ego_m"]).astype(np.float64),
        command=row["command"],
        agents=tuple(_agent(agent) for agent in row["agents"]),
        road_map=None if row["road_map"] is None else _map(row["road_map"]),
    )


def ego_state_row(state: EgoState) -> Row:
    return {
        "speed_mps": _rounded(state.speed_mps),
        "acceleration_mps2": _rounded(state.acceleration_mps2),
        "yaw_rate_radps": _rounded(state.yaw_rate_radps),
    }


def numbers(values: ArrayLike) -> list[Any]:
    """Nested lists of float32 values."""
    return np.asarray(values, np.float32).tolist()


def _rounded(value: float) -> float:
    return float(np.float32(value))


def _points(values: ArrayLike, width: int = 2) -> NDArray[np.float32]:
    return np.asarray(values, np.float32).reshape(-1, width)


def _agent_row(agent: AgentBox) -> Row:
    return {
        "track_id": agent.track_id,
        "object_class": agent.object_class,
        "center_ego_m": numbers(agent.center_ego_m),
        "length_m": _rounded(agent.length_m),
        "width_m": _rounded(agent.width_m),
        "height_m": _rounded(agent.height_m),
        "yaw_rad": _rounded(agent.yaw_rad),
        "velocity_ego_mps": numbers(agent.velocity_ego_mps),
        "score": _rounded(agent.score),
    }


def _agent(row: Mapping[str, Any]) -> AgentBox:
    x, y, z = row["center_ego_m"]
    velocity_x, velocity_y = row["velocity_ego_mps"]
    same = {name: value for name, value in row.items() if name not in ("center_ego_m", "velocity_ego_mps")}
    return AgentBox(**same, center_ego_m=(x, y, z), velocity_ego_mps=(velocity_x, velocity_y))


def _map_row(road_map: VectorMap) -> Row:
    return {
        "polylines": [{"kind": line.kind, "points_ego_m": numbers(line.points_ego_m)} for line in road_map.polylines],
        "drivable_areas": [
            {
                "exterior_ego_m": numbers(area.exterior_ego_m),
                "holes_ego_m": [numbers(hole) for hole in area.holes_ego_m],
            }
            for area in road_map.drivable_areas
        ],
    }


def _map(row: Mapping[str, Any]) -> VectorMap:
    return VectorMap(
        polylines=tuple(Polyline(line["kind"], _points(line["points_ego_m"])) for line in row["polylines"]),
        drivable_areas=tuple(
            DrivableArea(_points(area["exterior_ego_m"]), tuple(_points(hole) for hole in area["holes_ego_m"]))
            for area in row["drivable_areas"]
        ),
    )
