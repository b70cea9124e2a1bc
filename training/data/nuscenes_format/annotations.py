"""Annotated boxes of a moment: attributes, LiDAR points inside, and how much of each is seen."""

import numpy as np
from numpy.typing import NDArray

from training.data.drives.drive import Agent, Drive
from training.data.nuscenes_format.tables import VISIBILITIES, Row, placed
from training.data.nuscenes_format.tokens import token_of
from training.data.sensing.drive_world import Moment
from training.rendering.sensors import Camera
from waymend.geometry import Pose, project_to_image

_MOVING_MPS = 0.5
_PROBES = np.stack(np.meshgrid(*[np.linspace(-0.42, 0.42, 3)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
"""Places inside a box, as shares of its size, whose visibility stands for the whole."""

_TOUCH_M = 0.05
_SEEN_WITHIN_M = 90.0


def annotation_rows(
    drive: Drive, time_s: float, sample_token: str, moment: Moment, points_global_m: NDArray[np.float64],
    cameras: tuple[Camera, ...],
) -> list[Row]:  # fmt: skip
    """A row per agent that is there, without `prev` and `next`.

    Args:
        points_global_m: The key sweep, [N, 3].
        cameras: For the visible share.
    """
    poses = [(number, agent, agent.track.pose_at(time_s)) for number, agent in enumerate(drive.agents)]
    present = [(number, agent, pose) for number, agent, pose in poses if pose is not None]
    shares, cloud = _visible_shares(present, moment, cameras), _Cloud(points_global_m)
    return [
        {
            "token": token_of("sample_annotation", drive.name, sample_token, agent.agent_id),
            "sample_token": sample_token,
            "instance_token": instance_token(drive, agent),
            "visibility_token": next(token for token, _, most in VISIBILITIES if share <= most),
            "attribute_tokens": [token_of("attribute", name) for name in _attributes(agent, time_s)],
            "size": [agent.size_lwh_m[1], agent.size_lwh_m[0], agent.size_lwh_m[2]],
            "num_lidar_pts": cloud.count_inside(pose, agent.size_lwh_m),
            "num_radar_pts": 0,
        }
        | placed(pose)
        for (_, agent, pose), share in zip(present, shares, strict=True)
    ]


def instance_token(drive: Drive, agent: Agent) -> str:
    """nuScenes' own token where the drive comes from nuScenes."""
    if drive.scene_id is not None and len(agent.agent_id) == 32:
        return agent.agent_id
    return token_of("instance", drive.name, agent.agent_id)


def _attributes(agent: Agent, time_s: float) -> list[str]:
    """By nuScenes' rules: parked is what never moves, stopped what will or did."""
    speed = float(np.linalg.norm(agent.track.velocity_at(time_s)[:2]))
    if agent.category in ("vehicle.bicycle", "vehicle.motorcycle"):
        return ["cycle.with_rider" if _ever_moves(agent) else "cycle.without_rider"]
    if agent.category.startswith("vehicle."):
        if speed > _MOVING_MPS:
            return ["vehicle.moving"]
        return ["vehicle.stopped" if _ever_moves(agent) else "vehicle.parked"]
    if agent.category.startswith("human."):
        return ["pedestrian.moving" if speed > _MOVING_MPS / 2 else "pedestrian.standing"]
    return []


def _ever_moves(agent: Agent) -> bool:
    positions = agent.track.positions_m[agent.track.valid, :2]
    return bool(np.ptp(positions, axis=0).max() > 1.0)


class _Cloud:
    """Points that can be counted box by box."""

    def __init__(self, points_m: NDArray[np.float64]) -> None:
        self._points_m = points_m[np.argsort(points_m[:, 0])]

    def count_inside(self, global_from_box: Pose, size_lwh_m: tuple[float, float, float]) -> int:
        """How many points lie in a box, its faces included."""
        half = np.array(size_lwh_m) / 2
        middle, reach = global_from_box.translation_m, float(np.linalg.norm(half))
        first, last = np.searchsorted(self._points_m[:, 0], [middle[0] - reach, middle[0] + reach])
        near = self._points_m[first:last]
        near = near[np.abs(near[:, 1] - middle[1]) <= reach]
        return int((np.abs(global_from_box.inverse().apply(near)) <= half).all(axis=1).sum())


def _visible_shares(
    present: list[tuple[int, Agent, Pose]], moment: Moment, cameras: tuple[Camera, ...]
) -> NDArray[np.float64]:
    """Share of each agent's probes that a camera sees; what stands before a probe hides it, unless it is the agent."""
    if not present:
        return np.zeros(0)
    probes = np.stack([pose.apply(_PROBES * agent.size_lwh_m) for _, agent, pose in present])
    owners = np.repeat([number for number, *_ in present], len(_PROBES))
    flat = probes.reshape(-1, 3)
    seen = np.zeros(len(flat), bool)
    near = np.linalg.norm(flat - moment.global_from_ego.translation_m, axis=1) < _SEEN_WITHIN_M
    points_ego = moment.global_from_ego.inverse().apply(flat)
    for camera in cameras:
        pixels, depth = project_to_image(points_ego, camera.intrinsic, camera.ego_from_camera)
        framed = (
            near
            & (depth > 0.5)
            & (pixels >= 0).all(axis=1)
            & (pixels < [camera.width_px, camera.height_px]).all(axis=1)
        )
        seen[framed] |= _in_sight(moment, camera, flat[framed], owners[framed])
    return seen.reshape(len(present), -1).mean(axis=1)


def _in_sight(
    moment: Moment, camera: Camera, points_m: NDArray[np.float64], owners: NDArray[np.int64]
) -> NDArray[np.bool_]:
    if not len(points_m):
        return np.zeros(0, bool)
    origin = (moment.global_from_ego @ camera.ego_from_camera).translation_m
    rays = points_m - origin
    distance = np.linalg.norm(rays, axis=1)
    hits = moment.world.cast(np.broadcast_to(origin, rays.shape).copy(), rays / distance[:, None])
    return (hits.distance_m >= distance - _TOUCH_M) | (moment.world.instance_of(hits) == owners)
