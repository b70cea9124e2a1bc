"""Annotated boxes of a nuScenes sample."""

from collections.abc import Mapping
from typing import Any

from nuscenes.eval.detection.utils import category_to_detection_name
from nuscenes.nuscenes import NuScenes

from perception_service.convert.descriptions import agent_description
from perception_service.convert.nuscenes_poses import pose_of
from waymend.frames.description import AgentDescription
from waymend.geometry import Pose


def agents_of_sample(nuscenes: NuScenes, sample: Mapping[str, Any], global_from_ego: Pose) -> list[AgentDescription]:
    """Boxes of the ten detection classes that at least one LiDAR or radar point falls into."""
    records = (nuscenes.get("sample_annotation", token) for token in sample["anns"])
    agents = (_agent(nuscenes, record, global_from_ego.inverse()) for record in records)
    return [agent for agent in agents if agent is not None]


def _agent(nuscenes: NuScenes, record: Mapping[str, Any], ego_from_global: Pose) -> AgentDescription | None:
    object_class = category_to_detection_name(record["category_name"])
    if object_class is None or record["num_lidar_pts"] + record["num_radar_pts"] == 0:
        return None
    width, length, height = record["size"]
    return agent_description(
        track_id=record["instance_token"],
        object_class=object_class,
        ego_from_box=ego_from_global @ pose_of(record),
        size_lwh_m=(length, width, height),
        velocity_ego_mps=ego_from_global.rotation @ nuscenes.box_velocity(record["token"]),
    )
