"""Samples of a data set in nuScenes format, opened by nuscenes-devkit."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from nuscenes.nuscenes import NuScenes
from typer.testing import CliRunner

from perception_service.cli import app
from perception_service.convert.nuscenes_sample import frame_from_sample
from perception_service.limits import FrameLimits
from perception_service.scene import Scene
from perception_service.wire.decode import decode_frame
from tests.perception_service.convert import synthetic_nuscenes as data_set
from waymend.errors import InvalidField
from waymend.frames import FrameDirectory, read_frame_directory
from waymend.geometry import Pose, project_to_image
from waymend.vocabulary import CAMERA_NAMES

MIDDLE = 5
MIDDLE_S = MIDDLE * data_set.STEP_US * 1e-6


@pytest.fixture(scope="module")
def dataroot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("nuscenes")
    data_set.write_data_set(directory)
    data_set.write_map_expansion(directory)
    return directory


@pytest.fixture(scope="module")
def nuscenes(dataroot: Path) -> NuScenes:
    return NuScenes(data_set.VERSION, str(dataroot), verbose=False)


@pytest.fixture(scope="module")
def frame(nuscenes: NuScenes) -> FrameDirectory:
    return frame_from_sample(nuscenes, f"sample-{MIDDLE}", sweeps=3)


@pytest.fixture(scope="module")
def scene(frame: FrameDirectory) -> Scene:
    with ThreadPoolExecutor(2) as decoders:
        return decode_frame(frame.message(), FrameLimits(), decoders)


def _in_ego(points_global_m: np.ndarray) -> np.ndarray:
    return data_set.ego_pose_at(MIDDLE_S).inverse().apply(points_global_m)


def test_sweeps_fall_onto_each_other_and_know_their_age(scene: Scene) -> None:
    landmarks = len(data_set.LANDMARK_GLOBAL_M)
    points_ego_m = scene.ego_from_lidar.apply(scene.points_lidar[:, :3]).reshape(3, landmarks, 3)
    np.testing.assert_allclose(points_ego_m, [_in_ego(data_set.LANDMARK_GLOBAL_M)] * 3, atol=1e-3)
    ages_s = scene.points_lidar[:, 4].reshape(3, landmarks)
    np.testing.assert_allclose(ages_s, np.array([[0.0], [0.5], [1.0]]) * np.ones(landmarks), atol=1e-6)


def test_the_first_sample_has_one_sweep_and_no_past(nuscenes: NuScenes) -> None:
    first = frame_from_sample(nuscenes, "sample-0")
    assert len(first.lidar) == len(data_set.LANDMARK_GLOBAL_M) * 20
    assert first.description.ego_history == []
    assert first.description.ego_state is None


def test_cameras_stand_where_they_were_at_their_exposure(scene: Scene) -> None:
    exposed = data_set.ego_pose_at(MIDDLE_S - data_set.CAMERA_LEAD_US * 1e-6)
    ego_then = data_set.ego_pose_at(MIDDLE_S).inverse() @ exposed
    for name, view in zip(CAMERA_NAMES, scene.cameras, strict=True):
        expected = ego_then @ data_set.camera_mounting(name)
        np.testing.assert_allclose(view.ego_from_camera.matrix, expected.matrix, atol=1e-6)
        assert view.timestamp_us == scene.timestamp_us - data_set.CAMERA_LEAD_US
    assert abs(ego_then.translation_m[0] + data_set.SPEED_MPS * 0.04) < 1e-3


def test_a_landmark_projects_as_from_the_cameras_own_pose(scene: Scene) -> None:
    view = scene.cameras[0]
    global_from_camera = data_set.ego_pose_at(MIDDLE_S - data_set.CAMERA_LEAD_US * 1e-6) @ data_set.camera_mounting(
        "CAM_FRONT"
    )
    direct, _ = project_to_image(data_set.LANDMARK_GLOBAL_M, view.intrinsic, global_from_camera)
    through_ego, _ = project_to_image(_in_ego(data_set.LANDMARK_GLOBAL_M), view.intrinsic, view.ego_from_camera)
    np.testing.assert_allclose(through_ego, direct, atol=1e-3)


def test_agents_are_the_visible_boxes_of_the_ten_classes(scene: Scene) -> None:
    assert scene.agents is not None
    assert {agent.track_id: agent.object_class for agent in scene.agents} == {"car": "car", "walker": "pedestrian"}


def test_boxes_are_in_the_ego_frame(scene: Scene) -> None:
    assert scene.agents is not None
    car = next(agent for agent in scene.agents if agent.track_id == "car")
    ego_yaw = data_set.ego_pose_at(MIDDLE_S).yaw_rad
    np.testing.assert_allclose(car.center_ego_m, _in_ego(np.array(data_set.CAR_CENTER_GLOBAL_M)), atol=1e-6)
    assert (car.length_m, car.width_m, car.height_m) == (4.6, 1.9, 1.7)
    assert car.yaw_rad == pytest.approx(0.5 - ego_yaw)
    assert car.velocity_ego_mps == pytest.approx((0.0, 0.0))


def test_velocities_are_over_ground_along_the_ego_axes(scene: Scene) -> None:
    assert scene.agents is not None
    walker = next(agent for agent in scene.agents if agent.track_id == "walker")
    turn = Pose.from_yaw(-data_set.ego_pose_at(MIDDLE_S).yaw_rad, (0, 0, 0))
    expected = turn.apply(np.array([*data_set.WALKER_VELOCITY_MPS, 0.0]))[:2]
    assert walker.velocity_ego_mps == pytest.approx(tuple(expected), abs=1e-6)


def test_ego_state_follows_from_the_poses(scene: Scene) -> None:
    assert scene.ego_state is not None
    assert scene.ego_state.speed_mps == pytest.approx(data_set.SPEED_MPS, abs=0.05)
    assert scene.ego_state.acceleration_mps2 == pytest.approx(0.0, abs=0.1)
    assert scene.ego_state.yaw_rate_radps == pytest.approx(data_set.YAW_RATE_RADPS, abs=1e-6)


def test_history_and_future_lie_on_the_circle(scene: Scene, frame: FrameDirectory) -> None:
    now = data_set.ego_pose_at(MIDDLE_S).inverse()
    np.testing.assert_allclose(scene.ego_history[:, 0], [2.0, 1.5, 1.0, 0.5], atol=1e-6)
    for age_s, x, y, yaw_rad in scene.ego_history:
        past = now @ data_set.ego_pose_at(MIDDLE_S - age_s)
        assert (x, y, yaw_rad) == pytest.approx((*past.translation_m[:2], past.yaw_rad), abs=1e-6)
    future = [(now @ data_set.ego_pose_at(MIDDLE_S + k * 0.5)).translation_m[:2] for k in range(1, 7)]
    np.testing.assert_allclose(frame.description.future_trajectory_ego_m, future, atol=1e-6)


def test_near_the_end_of_a_scene_the_future_is_unknown(nuscenes: NuScenes) -> None:
    late = frame_from_sample(nuscenes, f"sample-{data_set.SAMPLES - 3}")
    assert late.description.future_trajectory_ego_m is None


def test_the_map_around_the_vehicle_is_there(scene: Scene) -> None:
    assert scene.map is not None
    by_kind = {line.kind: line.points_ego_m for line in scene.map.polylines}
    assert set(by_kind) == {"lane_centerline", "lane_divider", "crossing", "road_boundary"}
    to_global = data_set.ego_pose_at(MIDDLE_S)
    for kind, height in (("lane_centerline", 595.0), ("lane_divider", 600.0)):
        flat = np.column_stack([by_kind[kind], np.zeros(len(by_kind[kind]))])
        np.testing.assert_allclose(to_global.apply(flat)[:, 1], height, atol=0.1)
    (area,) = scene.map.drivable_areas
    assert 80 < np.linalg.norm(area.exterior_ego_m, axis=1).max() < 85 * np.sqrt(2) + 1
    assert max(np.linalg.norm(points, axis=1).max() for points in by_kind.values()) < 60 * np.sqrt(2) + 1


def test_without_a_map_expansion_no_map_is_known(tmp_path: Path) -> None:
    data_set.write_data_set(tmp_path)
    bare = NuScenes(data_set.VERSION, str(tmp_path), verbose=False)
    assert frame_from_sample(bare, "sample-4").description.map is None


def test_an_unknown_sample_is_refused(nuscenes: NuScenes) -> None:
    with pytest.raises(InvalidField, match="sample"):
        frame_from_sample(nuscenes, "nothing")


def test_the_command_writes_a_directory_that_checks_out(dataroot: Path, tmp_path: Path) -> None:
    arguments = [
        "convert-nuscenes",
        "--dataroot",
        str(dataroot),
        "--sample",
        f"sample-{MIDDLE}",
        "--out",
        str(tmp_path),
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert read_frame_directory(tmp_path).description.frame_id == f"sample-{MIDDLE}"
    assert CliRunner().invoke(app, ["check-frame", str(tmp_path)]).exit_code == 0
