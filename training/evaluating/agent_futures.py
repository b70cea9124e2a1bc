"""Where the agents of a key frame truly are during its horizon, from the annotations of the samples that follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from nuscenes.eval.detection.utils import category_to_detection_name
from nuscenes.nuscenes import NuScenes

from perception_service.convert.nuscenes_poses import global_from_ego, pose_of
from training.data.samples.scene_path import lidar_of
from waymend.errors import InvalidField
from waymend.geometry import Pose
from waymend.trajectory import Horizon

_TIME_TOLERANCE_S = 0.1
"""A waypoint this much later than the last annotated sample still counts as seen; nuScenes' samples jitter so."""


@dataclass(frozen=True, slots=True, eq=False)
class AgentFutures:
    """Boxes of A agents at the T waypoints' times, in the ego frame of the key frame.

    Attributes:
        boxes: float64 [T, A, 5]: centre x, y (m), length, width (m), yaw (rad); NaN where an agent is not annotated.
        known: bool [T], whether the data set is annotated at that time; where it is not, all boxes are NaN.
    """

    boxes: NDArray[np.float64]
    known: NDArray[np.bool_]


def agent_futures(nuscenes: NuScenes, sample_token: str, horizon: Horizon) -> AgentFutures:
    """Annotated boxes of the ten detection classes, whether or not a sensor sees them, interpolated between samples.

    An agent is known between two samples that both have it, and at a sample that has it; centres are interpolated
    linearly and headings along the shorter turn. Without annotations, as in nuScenes' own test set, nothing is
    known.

    Raises:
        InvalidField: The data set has no such sample, or that has no LiDAR sweep.
    """
    try:
        first = nuscenes.get("sample", sample_token)
    except KeyError:
        raise InvalidField("nuscenes", "the data set that the samples were built from", sample_token) from None
    ego_from_global = global_from_ego(nuscenes, lidar_of(nuscenes, first)).inverse()
    samples = _following(nuscenes, first, float(horizon.times_s[-1]))
    times_s = np.array([(sample["timestamp"] - first["timestamp"]) * 1e-6 for sample in samples])
    boxes = [_boxes(nuscenes, sample, ego_from_global) for sample in samples]
    tracks = sorted({track for there in boxes for track in there})
    known = bool(nuscenes.sample_annotation) & (horizon.times_s <= times_s[-1] + _TIME_TOLERANCE_S)
    seen = _stacked(boxes, tracks)
    at_times = [_at(seen, times_s, t) if there else np.full_like(seen[0], np.nan) for t, there in zip(
        horizon.times_s, known, strict=True)]  # fmt: skip
    return AgentFutures(np.array(at_times).reshape(horizon.waypoints, len(tracks), 5), known)


def _following(nuscenes: NuScenes, first: Mapping[str, Any], span_s: float) -> list[Mapping[str, Any]]:
    """The sample and those after it, until one that is not earlier than the span's end."""
    samples = [first]
    while samples[-1]["next"] and (samples[-1]["timestamp"] - first["timestamp"]) * 1e-6 < span_s:
        samples.append(nuscenes.get("sample", samples[-1]["next"]))
    return samples


def _boxes(nuscenes: NuScenes, sample: Mapping[str, Any], ego_from_global: Pose) -> dict[str, NDArray[np.float64]]:
    """Box [5] by instance."""
    records = (nuscenes.get("sample_annotation", token) for token in sample["anns"])
    return {
        record["instance_token"]: _box(record, ego_from_global)
        for record in records
        if category_to_detection_name(record["category_name"]) is not None
    }


def _box(record: Mapping[str, Any], ego_from_global: Pose) -> NDArray[np.float64]:
    pose = ego_from_global @ pose_of(record)
    width, length, _ = record["size"]
    return np.array([*pose.translation_m[:2], length, width, pose.yaw_rad])


def _stacked(boxes: Sequence[Mapping[str, NDArray[np.float64]]], tracks: Sequence[str]) -> NDArray[np.float64]:
    """[S, A, 5]; NaN where a sample lacks an agent."""
    absent = np.full(5, np.nan)
    rows = [[there.get(track, absent) for track in tracks] for there in boxes]
    return np.array(rows, np.float64).reshape(len(boxes), len(tracks), 5)


def _at(seen: NDArray[np.float64], times_s: NDArray[np.float64], time_s: float) -> NDArray[np.float64]:
    """Boxes [A, 5] at one time, between the two samples around it."""
    after = int(np.searchsorted(times_s, time_s).clip(1, max(len(times_s) - 1, 1)))
    if len(times_s) == 1:
        return seen[0]
    span_s = times_s[after] - times_s[after - 1]
    share = float(np.clip((time_s - times_s[after - 1]) / span_s, 0.0, 1.0))
    earlier, later = seen[after - 1], seen[after]
    if share == 0.0 or share == 1.0:
        return later if share else earlier
    turn = np.arctan2(np.sin(later[:, 4] - earlier[:, 4]), np.cos(later[:, 4] - earlier[:, 4]))
    between = earlier + share * (later - earlier)
    between[:, 4] = earlier[:, 4] + share * turn
    return between
