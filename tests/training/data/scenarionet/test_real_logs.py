"""Eight nuScenes scenes and three Waymo scenarios as ScenarioNet converted them; skipped where they are not at hand."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from perception_service.convert.plain_pickle import read_plain_pickle
from tests.training.data.scenarionet.conftest import SHARED_DATA
from training.data.scenarionet.log import read_drive
from waymend import ego_vehicle
from waymend.geometry import Pose

_NUSCENES = sorted((SHARED_DATA / "scenarionet_nuscenes_mini").glob("*.pkl"))
_WAYMO = sorted((SHARED_DATA / "scenarionet_waymo").glob("*.pkl"))

pytestmark = pytest.mark.skipif(not _NUSCENES or not _WAYMO, reason="the real logs are not here")


def _name(path: Path) -> str:
    return path.stem


@pytest.fixture(scope="module", params=[*_NUSCENES, *_WAYMO], ids=_name)
def log(request):
    """A drive and the file that it was read from."""
    return read_drive(request.param), read_plain_pickle(request.param, arrays=True)


@pytest.fixture(scope="module")
def scene_0061():
    return read_drive(next(path for path in _NUSCENES if path.stem.endswith("0061")))


@pytest.fixture(scope="module")
def real_frame():
    """mmdet3d's entry for the first sample of scene-0061."""
    (info_file,) = (SHARED_DATA / "nuscenes_frame_scene-0061").glob("*.pkl")
    return read_plain_pickle(info_file)["data_list"][0]


def _times_s(scenario):
    times = np.asarray(scenario["metadata"]["ts"], np.float64)
    return times - times[0]


def test_the_ego_is_the_source_s_at_the_source_s_own_times(log):
    drive, scenario = log
    state = scenario["tracks"][scenario["metadata"]["sdc_id"]]["state"]
    heading = np.asarray(state["heading"], np.float64)
    expected = np.asarray(state["position"], np.float64)[:, :2]
    if scenario["metadata"]["dataset"] == "waymo":
        length_m = float(np.median(state["size"][:, 0] if "size" in state else state["length"]))
        behind_m = length_m * ego_vehicle.REAR_AXLE_TO_CENTER_M / ego_vehicle.LENGTH_M
        expected = expected - behind_m * np.stack([np.cos(heading), np.sin(heading)], axis=1)
    times = _times_s(scenario)
    np.testing.assert_allclose(drive.ego.positions_at(times)[:, :2], expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(drive.ego.yaws_at(times), heading, rtol=0, atol=1e-9)
    assert not drive.ego.positions_m[:, 2].any()


def test_agents_are_the_source_s_at_the_source_s_own_times(log):
    drive, scenario = log
    times = _times_s(scenario)
    compared = 0
    for agent in drive.agents:
        state = scenario["tracks"][agent.agent_id]["state"]
        valid = np.asarray(state["valid"]) > 0.5
        np.testing.assert_array_equal(agent.track.valid_at(times), valid)
        position = np.asarray(state["position"], np.float64)[valid]
        if scenario["metadata"]["dataset"] == "waymo":
            position[:, 2] = agent.size_lwh_m[2] / 2
        np.testing.assert_allclose(agent.track.positions_at(times[valid]), position, rtol=0, atol=1e-9)
        np.testing.assert_allclose(agent.track.yaws_at(times[valid]), state["heading"][valid], rtol=0, atol=1e-9)
        compared += int(valid.sum())
    assert compared > 1000


def test_nobody_is_lost(log):
    """The eleven files hold no kind that nuScenes lacks."""
    drive, scenario = log
    assert len({agent.agent_id for agent in drive.agents}) == len(drive.agents) == len(scenario["tracks"]) - 1


def test_key_frames_are_the_log_s_own_steps_every_half_second(log):
    drive, scenario = log
    times = drive.keyframe_times_s
    assert len(times) in (39, 40, 41)
    np.testing.assert_allclose(np.diff(times), 0.5, atol=0.04)
    assert times[-1] <= _times_s(scenario)[-1]
    if scenario["metadata"]["dataset"] == "nuscenes":
        np.testing.assert_array_equal(times, drive.ego.times_s[::5])


def test_every_shape_of_the_map_is_valid(log):
    road_map = log[0].road_map
    areas = [*(lane.surface for lane in road_map.lanes), *road_map.crossings, *road_map.stop_lines]
    assert all(area.is_valid and area.area > 0 for area in areas)
    assert road_map.drivable.is_valid
    assert all(np.isfinite(lane.centerline_m).all() and len(lane.centerline_m) > 1 for lane in road_map.lanes)
    assert all(len(divider.line_m) > 1 for divider in road_map.dividers)


def test_the_ego_drives_where_one_may(log):
    """In all eleven logs, 98 % of the steps or more."""
    drive = log[0]
    inside = shapely.contains_xy(drive.road_map.drivable, drive.ego.positions_m[:, :2])
    assert inside.mean() > 0.95


def test_lanes_follow_each_other(log):
    """Only at the rim of the map does a lane lead nowhere; what follows begins where the lane ends."""
    lanes = {lane.lane_id: lane for lane in log[0].road_map.lanes}
    joints = [(lane, lanes[name]) for lane in lanes.values() for name in lane.successors]
    gaps = [np.linalg.norm(lane.centerline_m[-1] - after.centerline_m[0]) for lane, after in joints]
    assert max(gaps) < 0.5
    assert sum(bool(lane.successors) for lane in lanes.values()) / len(lanes) > 0.7
    assert any(lane.connector for lane in lanes.values())
    assert not all(lane.connector for lane in lanes.values())


def test_no_lane_reaches_far_out_of_the_drivable_area(log):
    road_map = log[0].road_map
    lanes = shapely.union_all([lane.surface for lane in road_map.lanes])
    assert lanes.difference(road_map.drivable).area < 0.02 * lanes.area


def test_waymo_s_lights_and_signs_make_stop_lines_and_crossings_are_there():
    for path in _WAYMO:
        road_map = read_drive(path).road_map
        assert len(road_map.stop_lines) >= 6
        assert len(road_map.crossings) >= 5
        assert all(0.4 < line.area < 0.4 * 8.1 for line in road_map.stop_lines)


def test_scenes_of_one_place_agree_on_the_lanes_that_they_share():
    drives = [read_drive(path) for path in _NUSCENES if path.stem[-4:] in ("1094", "1100")]
    first, second = ({lane.lane_id: lane for lane in drive.road_map.lanes} for drive in drives)
    shared = first.keys() & second.keys()
    assert len(shared) > 40
    assert all(first[name].surface.equals(second[name].surface) for name in shared)
    assert drives[0].log_name == drives[1].log_name


@pytest.mark.parametrize("path", [*_NUSCENES[-1:], *_WAYMO[-1:]], ids=_name)
def test_reading_twice_gives_the_same(path):
    drive, again = read_drive(path), read_drive(path)
    assert (again.seed, again.description) == (drive.seed, drive.description)
    np.testing.assert_array_equal(again.ego.positions_m, drive.ego.positions_m)
    assert again.road_map.drivable.wkb == drive.road_map.drivable.wkb
    assert [lane.surface.wkb for lane in again.road_map.lanes] == [lane.surface.wkb for lane in drive.road_map.lanes]


def test_scene_0061_begins_at_the_real_frame_s_ego_pose(scene_0061, real_frame):
    """The converter's nominal clock leaves the ego up to 1.26 m off along the track, and nothing across it."""
    real_from_ours = Pose.from_matrix(real_frame["ego2global"]).inverse() @ scene_0061.ego.pose_at(0.0)
    along_m, across_m, up_m = real_from_ours.translation_m
    assert abs(along_m) < 1.26
    assert abs(across_m) < 0.01
    assert abs(up_m) < 0.01
    assert abs(real_from_ours.yaw_rad) < 1e-3


def test_scene_0061_begins_with_the_real_frame_s_boxes(scene_0061, real_frame):
    global_from_lidar = Pose.from_matrix(real_frame["ego2global"]) @ Pose.from_matrix(
        real_frame["lidar_points"]["lidar2ego"]
    )
    present = [(agent, agent.track.pose_at(0.0)) for agent in scene_0061.agents if agent.track.valid_at([0.0])[0]]
    centers = np.array([pose.translation_m for _, pose in present])
    labelled = [box for box in real_frame["instances"] if box["bbox_label_3d"] >= 0]
    assert len(labelled) == len(present) == 68
    matched = set()
    for box in labelled:
        x, y, z, length, width, height, yaw = box["bbox_3d"]
        real = global_from_lidar @ Pose.from_yaw(yaw, (x, y, z))
        nearest = int(np.linalg.norm(centers - real.translation_m, axis=1).argmin())
        agent, pose = present[nearest]
        np.testing.assert_allclose(pose.translation_m, real.translation_m, rtol=0, atol=1e-2)
        np.testing.assert_allclose(agent.size_lwh_m, (length, width, height), rtol=0, atol=2e-3)
        assert abs((pose.inverse() @ real).yaw_rad) < 1e-2
        matched.add(nearest)
    assert len(matched) == 68
