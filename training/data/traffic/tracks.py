"""Recordings as tracks: smoothed, without their margins, on the ground."""

import numpy as np
from numpy.typing import NDArray

from training.data.drives.drive import Agent
from training.data.drives.track import Track
from training.data.traffic.simulation import MARGIN_S, STEP_S, Recording
from training.data.traffic.smoothing import middle_of, smooth_poses
from training.data.traffic.spawning import Still
from waymend import ego_vehicle


def ego_track(recording: Recording) -> Track:
    poses = smooth_poses(recording.poses, ego_vehicle.REAR_AXLE_TO_CENTER_M, STEP_S)
    x, y, heading = _kept(poses).T
    return Track(_times_s(len(x)), np.stack([x, y, np.zeros_like(x)], axis=1), heading, np.ones(len(x), bool))


def agent_of(agent_id: str, recording: Recording) -> Agent:
    """Its smoothed track; people and things turn about their middle."""
    body, poses = recording.body, recording.poses.copy()
    present = ~np.isnan(poses[:, 0])
    axle_m = body.rear_axle_m if body.category.startswith("vehicle.") else 0.0
    smooth = smooth_poses(poses[present], axle_m, STEP_S)
    poses[present] = np.column_stack([middle_of(smooth, axle_m), smooth[:, 2]])
    kept = _kept(poses)
    track = _standing_track(_times_s(len(kept)), kept, body.size_lwh_m[2])
    return Agent(agent_id, body.category, body.size_lwh_m, track)


def _standing_track(times_s: NDArray[np.float64], poses: NDArray[np.float64], height_m: float) -> Track:
    """Of a box on the ground."""
    valid = ~np.isnan(poses[:, 0])
    x, y, heading = np.nan_to_num(poses).T
    return Track(times_s, np.stack([x, y, np.full(len(x), height_m / 2)], axis=1), heading, valid)


def still_agent(agent_id: str, still: Still, times_s: NDArray[np.float64]) -> Agent:
    poses = np.tile([*still.position_m, still.heading_rad], (len(times_s), 1))
    size = still.body.size_lwh_m
    return Agent(agent_id, still.body.category, size, _standing_track(times_s, poses, size[2]))


def _times_s(steps: int) -> NDArray[np.float64]:
    return np.arange(steps, dtype=np.float64) * STEP_S


def _kept(poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without the margins."""
    margin = round(MARGIN_S / STEP_S)
    return poses[margin : len(poses) - margin]
