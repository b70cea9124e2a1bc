"""Where the ego vehicle was, is going at what speed, and went, from the poses of LiDAR sweeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from nuscenes.nuscenes import NuScenes

from perception_service.convert.nuscenes_poses import global_from_ego
from waymend.frames.description import EgoStateDescription, PastEgoPoseDescription
from waymend.trajectory import Horizon

_PAST_S = 2.1
_FUTURE_S = 10.0
_HISTORY_STEP_S = 0.5
_STATE_WINDOW_S = 1.05
_TIME_TOLERANCE_S = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class EgoTrack:
    """Poses in the ego frame of one moment: times_s [K] relative to it, rising; xy_m [K, 2]; yaw_rad [K], unwrapped."""

    times_s: NDArray[np.float64]
    xy_m: NDArray[np.float64]
    yaw_rad: NDArray[np.float64]


def ego_track(nuscenes: NuScenes, key_sweep: Mapping[str, Any]) -> EgoTrack:
    """Poses of the sweeps around a key sweep, as far as the scene goes."""
    records = [*reversed(_walk(nuscenes, key_sweep, "prev", _PAST_S)), key_sweep]
    records += _walk(nuscenes, key_sweep, "next", _FUTURE_S)
    ego_from_global = global_from_ego(nuscenes, key_sweep).inverse()
    poses = [ego_from_global @ global_from_ego(nuscenes, record) for record in records]
    return EgoTrack(
        times_s=np.array([(record["timestamp"] - key_sweep["timestamp"]) * 1e-6 for record in records]),
        xy_m=np.array([pose.translation_m[:2] for pose in poses]),
        yaw_rad=np.unwrap([pose.yaw_rad for pose in poses]),
    )


def ego_state_at(track: EgoTrack) -> EgoStateDescription | None:
    """Speed, acceleration and yaw rate now, fitted to the last second; None without earlier poses.

    Least squares of x(t) = v t + a t^2 / 2 and yaw(t) = r t + s t^2 / 2 in the current ego frame.
    """
    recent = (track.times_s < 0) & (track.times_s >= -_STATE_WINDOW_S)
    times_s = track.times_s[recent]
    if not len(times_s):
        return None
    terms = np.stack([times_s, times_s**2 / 2], axis=1)[:, : min(2, len(times_s))]
    yaw_rad = track.yaw_rad - track.yaw_rad[track.times_s == 0]
    motion = np.linalg.lstsq(terms, track.xy_m[recent, 0], rcond=None)[0]
    turning = np.linalg.lstsq(terms, yaw_rad[recent], rcond=None)[0]
    return EgoStateDescription(
        speed_mps=motion[0], acceleration_mps2=motion[1] if len(motion) > 1 else 0.0, yaw_rate_radps=turning[0]
    )


def past_poses(track: EgoTrack, timestamp_us: int) -> list[PastEgoPoseDescription]:
    """Poses every 0.5 s of the last two seconds, oldest first, interpolated, as far as the scene goes back."""
    times_s = -_HISTORY_STEP_S * np.arange(4, 0, -1)
    times_s = times_s[times_s >= track.times_s[0] - _TIME_TOLERANCE_S]
    return [
        PastEgoPoseDescription(
            timestamp_us=timestamp_us + round(time_s * 1e6),
            x_ego_m=_at(track, time_s, track.xy_m[:, 0]),
            y_ego_m=_at(track, time_s, track.xy_m[:, 1]),
            yaw_rad=_at(track, time_s, track.yaw_rad),
        )
        for time_s in times_s
    ]


def future_trajectory(track: EgoTrack, horizon: Horizon) -> list[list[float]] | None:
    """Where the vehicle truly went, interpolated; None where the scene ends before the horizon."""
    if horizon.times_s[-1] > track.times_s[-1] + _TIME_TOLERANCE_S:
        return None
    return [[_at(track, t, track.xy_m[:, 0]), _at(track, t, track.xy_m[:, 1])] for t in horizon.times_s]


def _at(track: EgoTrack, time_s: float, values: NDArray[np.float64]) -> float:
    return float(np.interp(time_s, track.times_s, values))


def _walk(nuscenes: NuScenes, start: Mapping[str, Any], direction: str, span_s: float) -> list[Mapping[str, Any]]:
    records: list[Mapping[str, Any]] = []
    record = start
    while record[direction]:
        record = nuscenes.get("sample_data", record[direction])
        if abs(record["timestamp"] - start["timestamp"]) * 1e-6 > span_s:
            break
        records.append(record)
    return records
