"""The key frames of a scene that have enough past and future."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nuscenes.nuscenes import NuScenes

from perception_service.convert.nuscenes_agents import agents_of_sample
from perception_service.convert.nuscenes_map import map_around
from perception_service.convert.nuscenes_motion import EgoTrack, ego_state_at, ego_track, future_trajectory, past_poses
from perception_service.convert.nuscenes_poses import global_from_ego
from training.data.samples.from_description import agent_box, ego_state, vector_map
from training.data.samples.keyframe import Keyframe
from training.data.samples.route import Route, route_command, route_of
from training.data.samples.route_lanes import lanes_of_map
from training.data.samples.scene_path import lidar_of, samples_of, scene_path
from waymend.errors import InvalidField
from waymend.trajectory import Horizon
from waymend.vocabulary import CAMERA_NAMES

LEAST_PAST_S = 1.0
TOO_LITTLE_PAST = "less than 1 s of past"
TOO_LITTLE_FUTURE = "future shorter than the horizon"
_STATIC_SCENE_M = 1.0
_TIME_TOLERANCE_S = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class SceneKeyframes:
    """The key frames of a scene, in order.

    Attributes:
        keyframes: Those that can become samples.
        skipped: How many cannot, by reason.
        moved_m: How far the ego vehicle drove in the scene.
    """

    keyframes: tuple[Keyframe, ...]
    skipped: Mapping[str, int]
    moved_m: float

    @property
    def static(self) -> bool:
        """Whether the ego vehicle moved less than 1 m in the whole scene."""
        return self.moved_m < _STATIC_SCENE_M


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """What the key frames of a scene share."""

    nuscenes: NuScenes
    name: str
    log_name: str
    location: str
    route: Route


def keyframes_of_scene(nuscenes: NuScenes, scene: Mapping[str, Any], horizon: Horizon) -> SceneKeyframes:
    """Reads a scene; the ego frame of each key frame is that of its LiDAR key sweep.

    Raises:
        InvalidField: A sample without LiDAR, a sensor file of a key frame that is missing, or a pose that is none.
        KeyError: A missing record.
    """
    log = nuscenes.get("log", scene["log_token"])
    route = route_of(scene_path(nuscenes, scene), lanes_of_map(Path(nuscenes.dataroot), log["location"]))
    about = _Scene(nuscenes, scene["name"], log["logfile"], log["location"], route)
    skipped: Counter[str] = Counter()
    keyframes: list[Keyframe] = []
    for sample in samples_of(nuscenes, scene):
        track = ego_track(nuscenes, lidar_of(nuscenes, sample))
        if (reason := _too_short(track, horizon)) is not None:
            skipped[reason] += 1
        else:
            keyframes.append(_keyframe(about, sample, track, horizon))
    return SceneKeyframes(tuple(keyframes), skipped, float(route.progress_m[-1]))


def _too_short(track: EgoTrack, horizon: Horizon) -> str | None:
    if track.times_s[0] > -LEAST_PAST_S + _TIME_TOLERANCE_S:
        return TOO_LITTLE_PAST
    if track.times_s[-1] < horizon.times_s[-1] - _TIME_TOLERANCE_S:
        return TOO_LITTLE_FUTURE
    return None


def _keyframe(about: _Scene, sample: Mapping[str, Any], track: EgoTrack, horizon: Horizon) -> Keyframe:
    nuscenes = about.nuscenes
    _check_files(nuscenes, sample)
    lidar = lidar_of(nuscenes, sample)
    pose = global_from_ego(nuscenes, lidar)
    state, timestamp_us = ego_state_at(track), lidar["timestamp"]
    future = future_trajectory(track, horizon)
    if state is None or future is None:
        raise InvalidField(f"sample.{sample['token']}", "past and future", "none")
    town = map_around(Path(nuscenes.dataroot), about.location, pose)
    return Keyframe(
        sample_token=sample["token"],
        scene_name=about.name,
        log_name=about.log_name,
        location=about.location,
        timestamp_us=timestamp_us,
        ego_state=ego_state(state),
        history_ego=np.array(
            [
                [(past.timestamp_us - timestamp_us) * 1e-6, past.x_ego_m, past.y_ego_m, past.yaw_rad]
                for past in past_poses(track, timestamp_us)
            ]
        ),
        future_ego_m=np.array(future),
        command=route_command(about.route, timestamp_us, state.speed_mps),
        agents=tuple(map(agent_box, agents_of_sample(nuscenes, sample, pose))),
        road_map=None if town is None else vector_map(town),
    )


def _check_files(nuscenes: NuScenes, sample: Mapping[str, Any]) -> None:
    """LiDAR and cameras; radar is not used."""
    for channel in sample["data"].keys() & {"LIDAR_TOP", *CAMERA_NAMES}:
        record = nuscenes.get("sample_data", sample["data"][channel])
        if not (Path(nuscenes.dataroot) / record["filename"]).is_file():
            raise InvalidField(f"sample.{sample['token']}", "the files of its sensors", f"no {record['filename']}")
