"""Key frames of a data set tell what the drives under it did."""

import numpy as np
import pytest

from tests.training.data.samples import street_data_set as street
from tests.training.data.straight_drive import SPEED_MPS
from training.data.samples.scene_keyframes import TOO_LITTLE_FUTURE, TOO_LITTLE_PAST, keyframes_of_scene
from training.data.samples.scene_path import scene_path
from waymend.trajectory import Horizon


def read(nuscenes, name, horizon=None):
    scene = next(scene for scene in nuscenes.scene if scene["name"] == name)
    return keyframes_of_scene(nuscenes, scene, horizon or Horizon())


def test_samples_without_enough_past_or_future_are_counted(nuscenes):
    scene = read(nuscenes, "scene-0001")
    assert len(scene.keyframes) == street.KEYFRAMES
    assert scene.skipped == {TOO_LITTLE_PAST: 2, TOO_LITTLE_FUTURE: 6}
    assert len(read(nuscenes, "scene-0001", Horizon(2, 0.5)).keyframes) == street.KEYFRAMES + 4


def test_a_scene_that_is_too_short_has_no_key_frames(nuscenes):
    scene = read(nuscenes, "scene-0005")
    assert scene.keyframes == ()
    assert sum(scene.skipped.values()) == 5


def test_past_and_future_are_where_the_vehicle_was(nuscenes):
    """Key frame 2 is at 2 s, where the vehicle begins to brake."""
    frame = read(nuscenes, "scene-0003").keyframes[2]
    np.testing.assert_allclose(
        frame.history_ego[:, :2], [[-age, -SPEED_MPS * age] for age in (2.0, 1.5, 1.0, 0.5)], atol=1e-4
    )
    np.testing.assert_allclose(frame.history_ego[:, 2:], 0.0, atol=1e-6)
    times_s = Horizon().times_s
    expected = SPEED_MPS * times_s - street.BRAKING_MPS2 * times_s**2 / 2
    np.testing.assert_allclose(frame.future_ego_m, np.stack([expected, np.zeros(6)], axis=1), atol=1e-4)
    assert frame.ego_state.speed_mps == pytest.approx(SPEED_MPS, abs=1e-3)


def test_agents_and_map_are_around_the_vehicle(nuscenes):
    frame = read(nuscenes, "scene-0003").keyframes[2]
    (standing,) = frame.agents
    travelled_m = SPEED_MPS * street.BRAKING_BEGINS_S
    assert standing.object_class == "car"
    assert standing.center_ego_m[:2] == pytest.approx((street.STANDING_X_M - travelled_m, 0.0), abs=1e-4)
    assert standing.velocity_ego_mps == pytest.approx((0.0, 0.0), abs=1e-4)
    centerlines = [line.points_ego_m for line in frame.road_map.polylines if line.kind == "lane_centerline"]
    assert any(np.abs(points[:, 1]).max() < 0.05 for points in centerlines)
    assert frame.road_map.drivable_areas


def test_names_are_the_data_sets(nuscenes):
    frame = read(nuscenes, "scene-0002").keyframes[0]
    assert (frame.scene_name, frame.log_name, frame.location) == ("scene-0002", "log-a", "boston-seaport")
    assert nuscenes.get("sample", frame.sample_token)["timestamp"] == frame.timestamp_us
    assert read(nuscenes, "scene-0006").keyframes[0].location.startswith("singapore")


def test_a_scene_is_static_by_how_far_the_vehicle_drives(nuscenes):
    assert read(nuscenes, "scene-0004").static
    scene = read(nuscenes, "scene-0001")
    assert not scene.static
    assert scene.moved_m == pytest.approx(SPEED_MPS * (street.FRAMES - 1) / 2, abs=0.5)
    assert {frame.command for frame in scene.keyframes} == {"straight"}


def test_the_path_of_a_scene_holds_all_its_sweeps(nuscenes):
    path = scene_path(nuscenes, nuscenes.scene[0])
    assert len(path.timestamps_us) == street.FRAMES
    assert (np.diff(path.timestamps_us) == 500_000).all()
    np.testing.assert_allclose(np.linalg.norm(np.diff(path.xy_m, axis=0), axis=1), SPEED_MPS / 2, atol=1e-6)
