"""What `frame.json` says about a moment of a scene: poses, agents, map, history and true future."""

import math
from typing import cast

import numpy as np
from numpy.typing import NDArray

from training.procedural.scene import Actor, DriveScene
from training.rendering.sensors import Camera, Lidar
from waymend.frames.description import (
    AgentDescription,
    CameraDescription,
    CameraKey,
    DrivableAreaDescription,
    EgoStateDescription,
    FrameDescription,
    LidarDescription,
    MapDescription,
    PastEgoPoseDescription,
    PolylineDescription,
    PoseDescription,
)
from waymend.geometry import Pose
from waymend.trajectory import Horizon

FIRST_TIMESTAMP_US = 1_700_000_000_000_000
_HISTORY_AGES_S = (1.0, 0.8, 0.6, 0.4, 0.2)
_AGENTS_WITHIN_M = 60.0
_MAP_BEHIND_M, _MAP_AHEAD_M, _MAP_STEP_M = 40.0, 70.0, 2.5


def describe(
    scene: DriveScene,
    time_s: float,
    number: int,
    cameras: tuple[Camera, ...],
    lidar: Lidar,
    horizon: Horizon | None = None,
) -> FrameDescription:
    """The description of a frame whose files are called `lidar.bin` and `CAM_*.jpg`."""
    ego_from_scene = scene.scene_from_ego(time_s).inverse()
    state = scene.ego.state(time_s)
    return FrameDescription(
        frame_id=f"{scene.name}-{number:03d}",
        timestamp_us=_timestamp_us(time_s),
        global_from_ego=_pose(scene.global_from_scene @ scene.scene_from_ego(time_s)),
        ego_state=EgoStateDescription(
            speed_mps=_rounded(state.speed_mps, 4),
            acceleration_mps2=_rounded(state.acceleration_mps2, 4),
            yaw_rate_radps=_rounded(state.yaw_rate_radps, 5),
        ),
        ego_history=[_past(scene, time_s, age_s, ego_from_scene) for age_s in _HISTORY_AGES_S],
        lidar=LidarDescription(file="lidar.bin", ego_from_lidar=_pose(lidar.ego_from_lidar)),
        cameras={cast(CameraKey, camera.name): _camera(camera, time_s) for camera in cameras},
        agents=agents_near(scene, time_s),
        map=_map(scene, time_s, ego_from_scene),
        future_trajectory_ego_m=_future(scene, time_s, ego_from_scene, horizon or Horizon()),
    )


def agents_near(scene: DriveScene, time_s: float) -> list[AgentDescription]:
    """Boxes of the actors within 60 m of the ego vehicle, nearest first."""
    ego_from_scene = scene.scene_from_ego(time_s).inverse()
    boxes = [_agent(actor, time_s, ego_from_scene) for actor in scene.actors]
    near = [box for box in boxes if _distance_m(box) < _AGENTS_WITHIN_M]
    return sorted(near, key=_distance_m)


def _distance_m(box: AgentDescription) -> float:
    return math.hypot(*box.center_ego_m[:2])


def _agent(actor: Actor, time_s: float, ego_from_scene: Pose) -> AgentDescription:
    length, width, height = actor.size_m
    ego_from_shape = ego_from_scene @ actor.pose(time_s)
    yaw = ego_from_shape.yaw_rad
    speed = actor.motion.state(time_s).speed_mps
    return AgentDescription(
        track_id=actor.track_id,
        object_class=actor.object_class,
        center_ego_m=_values(ego_from_shape.apply(np.array([0.0, 0.0, height / 2])), 4),
        length_m=_rounded(length, 4),
        width_m=_rounded(width, 4),
        height_m=_rounded(height, 4),
        yaw_rad=_rounded(yaw, 6),
        velocity_ego_mps=_values(speed * np.array([np.cos(yaw), np.sin(yaw)]), 4),
    )


def _map(scene: DriveScene, time_s: float, ego_from_scene: Pose) -> MapDescription:
    """Lines and drivable area around the ego vehicle; centre lines run in the direction of travel."""
    street = scene.street
    state = scene.ego.state(time_s)
    here = float(street.line.locate(np.array([[state.x_m, state.y_m]]))[0][0])
    stations = np.arange(here - _MAP_BEHIND_M, here + _MAP_AHEAD_M + 0.01, _MAP_STEP_M)

    def along(offset_m: float) -> NDArray[np.float64]:
        return street.line.points(stations, offset_m)

    lane, kerb = street.lane_m, street.kerb_offset_m
    lines = [("lane_centerline", along(-lane / 2)), ("lane_centerline", along(lane / 2)[::-1])]
    lines += [("lane_divider", along(offset)) for offset in (0.0, -lane, lane)]
    lines += [("road_boundary", along(offset)) for offset in (-kerb, kerb)]
    first, last = street.crossing_m
    if stations[0] < first and last < stations[-1]:
        lines += _crossing_lines(scene)
    area = np.concatenate([along(-kerb), along(kerb)[::-1]])
    return MapDescription(
        polylines=[
            PolylineDescription(kind=kind, points_ego_m=_in_ego(points, ego_from_scene)) for kind, points in lines
        ],
        drivable_areas=[DrivableAreaDescription(exterior_ego_m=_in_ego(area, ego_from_scene))],
    )


def _crossing_lines(scene: DriveScene) -> list[tuple[str, NDArray[np.float64]]]:
    """The crossing as a closed ring, and a stop line before it from either side."""
    street = scene.street
    first, last = street.crossing_m
    kerb, lane, gap = street.kerb_offset_m, street.lane_m, street.stop_line_gap_m
    ring = street.line.points([first, last, last, first, first], np.array([-kerb, -kerb, kerb, kerb, -kerb]))
    near = street.line.points([first - gap] * 2, np.array([-lane, 0.0]))
    far = street.line.points([last + gap] * 2, np.array([0.0, lane]))
    return [("crossing", ring), ("stop_line", near), ("stop_line", far)]


def _future(scene: DriveScene, time_s: float, ego_from_scene: Pose, horizon: Horizon) -> list[list[float]]:
    positions = [scene.scene_from_ego(time_s + ahead_s).translation_m for ahead_s in horizon.times_s]
    return [_values(point[:2], 4) for point in ego_from_scene.apply(np.array(positions))]


def _past(scene: DriveScene, time_s: float, age_s: float, ego_from_scene: Pose) -> PastEgoPoseDescription:
    pose = ego_from_scene @ scene.scene_from_ego(time_s - age_s)
    return PastEgoPoseDescription(
        timestamp_us=_timestamp_us(time_s - age_s),
        x_ego_m=_rounded(pose.translation_m[0], 4),
        y_ego_m=_rounded(pose.translation_m[1], 4),
        yaw_rad=_rounded(pose.yaw_rad, 6),
    )


def _camera(camera: Camera, time_s: float) -> CameraDescription:
    return CameraDescription(
        file=f"{camera.name}.jpg",
        timestamp_us=_timestamp_us(time_s),
        width_px=camera.width_px,
        height_px=camera.height_px,
        intrinsic=[_values(row, 6) for row in camera.intrinsic],
        ego_from_camera=_pose(camera.ego_from_camera),
    )


def _pose(pose: Pose) -> PoseDescription:
    return PoseDescription(
        translation_m=_values(pose.translation_m, 6), rotation_wxyz=_values(pose.quaternion_wxyz, 10)
    )


def _in_ego(points_scene_m: NDArray[np.float64], ego_from_scene: Pose) -> list[list[float]]:
    flat = ego_from_scene.apply(np.column_stack([points_scene_m, np.zeros(len(points_scene_m))]))
    return [_values(point[:2], 3) for point in flat]


def _timestamp_us(time_s: float) -> int:
    return FIRST_TIMESTAMP_US + round(time_s * 1e6)


def _values(numbers: NDArray[np.floating], digits: int) -> list[float]:
    return [_rounded(number, digits) for number in numbers]


def _rounded(number: float, digits: int) -> float:
    """Rounded, and never -0.0, so that files of equal drives are equal."""
    return round(float(number), digits) + 0.0
