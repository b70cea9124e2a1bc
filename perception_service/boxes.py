"""Boxes between mmdet3d's LiDAR-frame rows and agents in the ego frame.

A row is x, y, z of the BOTTOM centre (m), length, width, height (m), yaw (rad, counter-clockwise from x), vx, vy (m/s).
An agent has the z of its box CENTRE. Velocities are over ground in both; only their axes differ.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from waymend.agents import AgentBox
from waymend.geometry import Pose
from waymend.vocabulary import OBJECT_CLASSES


def agents_from_lidar_boxes(
    boxes_lidar: NDArray[np.floating],
    labels: NDArray[np.integer],
    scores: NDArray[np.floating],
    ego_from_lidar: Pose,
) -> tuple[AgentBox, ...]:
    """Agents in the ego frame, in the order of the rows [n, 9]; `labels` index OBJECT_CLASSES."""
    boxes = np.asarray(boxes_lidar, np.float64)
    centres = ego_from_lidar.apply(boxes[:, :3] + boxes[:, 5:6] * [0.0, 0.0, 0.5])
    yaws = _turned_yaws(boxes[:, 6], ego_from_lidar)
    velocities = _turned_vectors(boxes[:, 7:9], ego_from_lidar)
    rows = zip(boxes, labels, scores, centres, yaws, velocities, strict=True)
    return tuple(
        AgentBox(
            track_id="",
            object_class=OBJECT_CLASSES[int(label)],
            center_ego_m=(float(centre[0]), float(centre[1]), float(centre[2])),
            length_m=float(box[3]),
            width_m=float(box[4]),
            height_m=float(box[5]),
            yaw_rad=float(yaw),
            velocity_ego_mps=(float(velocity[0]), float(velocity[1])),
            score=float(score),
        )
        for box, label, score, centre, yaw, velocity in rows
    )


def lidar_boxes_from_agents(
    agents: Sequence[AgentBox], ego_from_lidar: Pose
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Rows [n, 9] in the LiDAR frame and labels [n] of agents: the inverse of `agents_from_lidar_boxes`."""
    lidar_from_ego = ego_from_lidar.inverse()
    extents = np.array([(agent.length_m, agent.width_m, agent.height_m) for agent in agents]).reshape(-1, 3)
    centres = lidar_from_ego.apply(np.array([agent.center_ego_m for agent in agents]).reshape(-1, 3))
    bottoms = centres - extents[:, 2:3] * [0.0, 0.0, 0.5]
    yaws = _turned_yaws(np.array([agent.yaw_rad for agent in agents]), lidar_from_ego)
    velocities = _turned_vectors(np.array([agent.velocity_ego_mps for agent in agents]).reshape(-1, 2), lidar_from_ego)
    labels = np.array([OBJECT_CLASSES.index(agent.object_class) for agent in agents], np.int64)
    return np.concatenate((bottoms, extents, yaws[:, None], velocities), 1), labels


def _turned_yaws(yaws_rad: NDArray[np.float64], target_from_source: Pose) -> NDArray[np.float64]:
    headings = _turned_vectors(np.stack((np.cos(yaws_rad), np.sin(yaws_rad)), -1), target_from_source)
    return np.arctan2(headings[:, 1], headings[:, 0])


def _turned_vectors(vectors: NDArray[np.float64], target_from_source: Pose) -> NDArray[np.float64]:
    """Horizontal vectors [n, 2] of the source frame along the target frame's x and y axes."""
    return vectors @ target_from_source.rotation[:2, :2].T
