"""A real nuScenes frame out of an mmdet3d info file."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from perception_service.cli import app
from perception_service.client import PerceptionClient
from perception_service.convert.mmdet3d_info import frame_from_info
from perception_service.limits import FrameLimits
from perception_service.scene import Scene
from perception_service.wire.decode import decode_frame
from waymend.errors import InvalidField
from waymend.frames import FrameDirectory, read_frame_directory
from waymend.geometry import Pose, project_to_image

REAL_FRAME = Path(__file__).parents[4] / "shared" / "data" / "nuscenes_frame_scene-0061"
pytestmark = pytest.mark.skipif(not REAL_FRAME.is_dir(), reason="the real frame is not here")


@pytest.fixture(scope="module")
def info_file() -> Path:
    return next(REAL_FRAME.glob("*.pkl"))


@pytest.fixture(scope="module")
def real_frame(info_file: Path) -> FrameDirectory:
    return frame_from_info(info_file, REAL_FRAME)


@pytest.fixture(scope="module")
def scene(real_frame: FrameDirectory) -> Scene:
    with ThreadPoolExecutor(2) as decoders:
        return decode_frame(real_frame.message(), FrameLimits(), decoders)


@pytest.fixture(scope="module")
def points_ego_m(scene: Scene) -> np.ndarray:
    return scene.ego_from_lidar.apply(scene.points_lidar[:, :3])


def test_all_sensors_arrive(scene: Scene) -> None:
    assert scene.frame_id == "ca9a282c9e77460f8360f564131a8af5"
    assert scene.timestamp_us == 1532402927647951
    assert scene.points_lidar.shape == (34688, 5)
    assert np.unique(scene.points_lidar[:, 4]).tolist() == [0.0]
    assert {view.image_rgb.shape for view in scene.cameras} == {(900, 1600, 3)}


def test_the_ground_lies_at_height_zero(points_ego_m: np.ndarray) -> None:
    near = np.linalg.norm(points_ego_m[:, :2], axis=1)
    around = points_ego_m[(near > 3) & (near < 12)]
    assert abs(np.median(around[around[:, 2] < 0.5, 2])) < 0.15


@pytest.mark.parametrize(
    ("camera", "yaw_deg"),
    enumerate((0, -55, 55, 180, 110, -110)),
    ids=["front", "front-right", "front-left", "back", "back-left", "back-right"],
)
def test_each_camera_looks_where_its_name_says(
    scene: Scene, points_ego_m: np.ndarray, camera: int, yaw_deg: float
) -> None:
    view = scene.cameras[camera]
    forward = view.ego_from_camera.rotation[:, 2]
    looked_at_deg = np.rad2deg(np.arctan2(forward[1], forward[0]))
    assert abs((looked_at_deg - yaw_deg + 180) % 360 - 180) < 3
    pixels, depth_m = project_to_image(points_ego_m, view.intrinsic, view.ego_from_camera)
    seen = (depth_m > 1) & (pixels >= 0).all(axis=1) & (pixels < (1600, 900)).all(axis=1)
    assert seen.sum() > 1500


def test_boxes_hold_the_points_of_their_objects(scene: Scene, points_ego_m: np.ndarray) -> None:
    assert scene.agents is not None
    assert len(scene.agents) > 50
    holds = []
    for box in scene.agents:
        inside_m = Pose.from_yaw(box.yaw_rad, box.center_ego_m).inverse().apply(points_ego_m)
        half = np.array([box.length_m, box.width_m, box.height_m]) / 2 + 0.05
        holds.append(int((np.abs(inside_m) <= half).all(axis=1).sum()))
    assert np.mean(np.array(holds) > 0) > 0.9
    cars = [box for box in scene.agents if box.object_class == "car"]
    assert cars
    assert all(box.length_m > box.width_m for box in cars)


def test_pedestrians_walk_at_walking_pace(scene: Scene) -> None:
    assert scene.agents is not None
    speeds = [np.hypot(*box.velocity_ego_mps) for box in scene.agents if box.object_class == "pedestrian"]
    assert len(speeds) > 5
    assert max(speeds) < 3.5


def test_ego_motion_between_exposures_is_in_the_camera_poses(info_file: Path, real_frame: FrameDirectory) -> None:
    # The front camera fired 35 ms before the LiDAR; a moving vehicle was then further back than its mounting says.
    front = real_frame.description.cameras["CAM_FRONT"]
    lead_s = (real_frame.description.timestamp_us - front.timestamp_us) * 1e-6
    mounted_x_m = 1.70079
    assert 0.03 < lead_s < 0.04
    assert 5 < (mounted_x_m - front.ego_from_camera.translation_m[0]) / lead_s < 12


def test_the_server_encodes_it(client: PerceptionClient, real_frame: FrameDirectory) -> None:
    embedding = client.encode(real_frame.message(), timeout_s=120)
    assert np.isfinite(embedding.bev_tokens.astype(np.float32)).all()
    assert embedding.agents_given


def test_the_command_writes_a_directory_that_checks_out(info_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "frame"
    arguments = ["convert-mmdet3d", str(info_file), "--images-dir", str(REAL_FRAME), "--out", str(out)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert read_frame_directory(out).description.frame_id == "ca9a282c9e77460f8360f564131a8af5"
    checked = CliRunner().invoke(app, ["check-frame", str(out)])
    assert checked.exit_code == 0
    assert "34688 LiDAR points" in checked.output


def test_missing_sensor_files_and_indices_are_named(info_file: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidField, match="CAM_FRONT"):
        frame_from_info(info_file, tmp_path)
    with pytest.raises(InvalidField, match="index"):
        frame_from_info(info_file, REAL_FRAME, index=1)
