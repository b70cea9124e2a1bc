"""Frames, boxes, points and pixels agree, by nuscenes-devkit's own functions."""

import numpy as np
import pytest
import trimesh
from nuscenes.utils.data_classes import LidarPointCloud
from nuscenes.utils.geometry_utils import points_in_box, view_points
from PIL import Image
from pyquaternion import Quaternion

from training.data.sensing.drive_world import DriveWorld, RigSettings, SensorRig
from waymend.geometry import Pose
from waymend.vocabulary import CAMERA_NAMES

SOLID = ("vehicle.car", "vehicle.truck", "vehicle.bus.rigid", "human.pedestrian.adult", "vehicle.trailer")
NOISE_M = 0.02


def global_from_sensor(nuscenes, record):
    ego = nuscenes.get("ego_pose", record["ego_pose_token"])
    sensor = nuscenes.get("calibrated_sensor", record["calibrated_sensor_token"])
    return pose_of(ego) @ pose_of(sensor)


def pose_of(row):
    return Pose.from_quaternion(row["rotation"], row["translation"])


def agents_at(drive, time_s):
    return [(i, agent) for i, agent in enumerate(drive.agents) if agent.track.valid_at([time_s])[0]]


@pytest.mark.parametrize("channel", ["LIDAR_TOP", *CAMERA_NAMES])
def test_boxes_in_sensor_frames_are_the_drives_own(written, channel):
    for drive in written.drives:
        for time_s, sample in zip(drive.keyframe_times_s, written.samples(drive), strict=True):
            record = written.nuscenes.get("sample_data", sample["data"][channel])
            sensor_from_global = global_from_sensor(written.nuscenes, record).inverse()
            _, boxes, _ = written.nuscenes.get_sample_data(record["token"], box_vis_level=0)
            if channel == "LIDAR_TOP":
                assert len(boxes) == len(agents_at(drive, time_s))
            for box in boxes:
                center = nearest_agent(drive, time_s, sensor_from_global, box)
                np.testing.assert_allclose(box.center, center, atol=1e-4)


def nearest_agent(drive, time_s, sensor_from_global, box):
    centers = sensor_from_global.apply(
        np.array([agent.track.positions_at([time_s])[0] for _, agent in agents_at(drive, time_s)])
    )
    return centers[np.argmin(np.linalg.norm(centers - box.center, axis=1))]


def test_boxes_are_as_large_and_turned_as_the_agents(written):
    drive = written.drives[1]
    sample = next(written.samples(drive))
    for token, (_, agent) in zip(sample["anns"], agents_at(drive, 0.0), strict=True):
        box = written.nuscenes.get_box(token)
        assert box.name == agent.category
        np.testing.assert_allclose(box.wlh, np.array(agent.size_lwh_m)[[1, 0, 2]])
        np.testing.assert_allclose(
            box.orientation.yaw_pitch_roll[0] % (2 * np.pi), agent.track.yaws_rad[0] % (2 * np.pi)
        )


def test_velocities_follow_from_the_annotations(written):
    drive = written.drives[0]
    sample = list(written.samples(drive))[1]
    speeds = {round(float(np.linalg.norm(written.nuscenes.box_velocity(token)[:2])), 3) for token in sample["anns"][:2]}
    assert speeds == {9.0, 8.0}


def lidar_points(nuscenes, sample):
    record = nuscenes.get("sample_data", sample["data"]["LIDAR_TOP"])
    cloud = LidarPointCloud.from_file(nuscenes.get_sample_data_path(record["token"]))
    return record, cloud


def test_points_in_a_box_are_as_many_as_its_annotation_says(written):
    """But for those on a flat side, which rounding puts in or out."""
    for drive in written.drives:
        sample = next(written.samples(drive))
        record, cloud = lidar_points(written.nuscenes, sample)
        counts = []
        for token in sample["anns"]:
            _, (box,), _ = written.nuscenes.get_sample_data(record["token"], selected_anntokens=[token])
            stated = written.nuscenes.get("sample_annotation", token)["num_lidar_pts"]
            assert abs(int(points_in_box(box, cloud.points[:3]).sum()) - stated) <= max(3, 0.05 * stated)
            counts.append(stated)
        assert sum(count > 20 for count in counts) >= 5


def test_points_on_an_agent_lie_on_its_surface_within_the_range_noise(written):
    drive, sample = written.drives[0], next(written.samples(written.drives[0]))
    world, rig = DriveWorld(drive), SensorRig(RigSettings())
    scan = world.at(0.0).scan(rig.lidar)
    record, cloud = lidar_points(written.nuscenes, sample)
    np.testing.assert_array_equal(cloud.points[:3].T, scan.points_lidar[:, :3])
    points_global = global_from_sensor(written.nuscenes, record).apply(cloud.points[:3].T)
    checked = 0
    for number, agent in agents_at(drive, 0.0):
        pose = agent.track.pose_at(0.0)
        standing = Pose(pose.rotation, pose.translation_m - np.array([0, 0, agent.size_lwh_m[2] / 2]))
        points = standing.inverse().apply(points_global[scan.instances == number])[:80]
        if not len(points):
            continue
        half = np.array(agent.size_lwh_m) / 2 + 5 * NOISE_M
        assert (np.abs(points - [0, 0, agent.size_lwh_m[2] / 2]) < half).all()
        shape = world._shapes[number].at(0.0)
        mesh = trimesh.Trimesh(shape.vertices_m, shape.faces, process=False)
        assert trimesh.proximity.closest_point_naive(mesh, points)[1].max() < 5 * NOISE_M
        checked += 1
    assert checked >= 6


def test_a_point_file_holds_intensity_and_the_number_of_the_beam(written):
    record, _ = lidar_points(written.nuscenes, next(written.samples(written.drives[0])))
    points = np.fromfile(written.nuscenes.get_sample_data_path(record["token"]), "<f4").reshape(-1, 5)
    assert set(np.unique(points[:, 4])) == set(range(32))
    assert points[:, 3].min() >= 0
    assert points[:, 3].max() <= 255
    elevation = np.arcsin(points[:, 2] / np.linalg.norm(points[:, :3], axis=1))
    rising = [np.median(elevation[points[:, 4] == ring]) for ring in range(32)]
    assert (np.diff(rising) > 0).all()


def test_projected_boxes_lie_on_the_rendered_objects(written):
    """The pixel that the devkit projects a box's middle to shows that agent, or something nearer."""
    drive, rig = written.drives[0], SensorRig(RigSettings())
    world = DriveWorld(drive)
    sample = next(written.samples(drive))
    moment, shown = world.at(0.0), 0
    for camera in rig.cameras:
        image = moment.image(camera)
        for token, (number, agent) in zip(sample["anns"], agents_at(drive, 0.0), strict=True):
            selected = written.nuscenes.get_sample_data(sample["data"][camera.name], selected_anntokens=[token])
            _, boxes, intrinsic = selected
            if not boxes or agent.category not in SOLID or boxes[0].center[2] < 2:
                continue
            u, v, _ = view_points(boxes[0].center[:, None], intrinsic, normalize=True)[:, 0]
            if 0 <= u < camera.width_px and 0 <= v < camera.height_px:
                seen = image.instances[int(v), int(u)]
                assert seen == number or seen in nearer_than(drive, agent), (agent.agent_id, camera.name)
                shown += seen == number
    assert shown >= 5


def nearer_than(drive, agent):
    def distance_m(other):
        return np.linalg.norm(other.track.positions_m[0] - drive.ego.positions_m[0])

    return {number for number, other in agents_at(drive, 0.0) if distance_m(other) < distance_m(agent)}


def test_images_are_what_the_calibration_says(written):
    sample = next(written.samples(written.drives[0]))
    record = written.nuscenes.get("sample_data", sample["data"]["CAM_FRONT"])
    image = Image.open(written.nuscenes.get_sample_data_path(record["token"]))
    assert image.size == (record["width"], record["height"]) == (352, 128)
    sensor = written.nuscenes.get("calibrated_sensor", record["calibrated_sensor_token"])
    intrinsic = np.array(sensor["camera_intrinsic"])
    assert intrinsic[0, 0] == intrinsic[1, 1] == pytest.approx(1266.0 * 0.22)
    assert intrinsic[1, 2] == pytest.approx(492 * 0.22 - (198 - 128))
    assert Quaternion(sensor["rotation"]).norm == pytest.approx(1.0)


def test_an_agent_behind_another_counts_as_hidden(written):
    nuscenes, drive = written.nuscenes, written.drives[0]
    sample = next(written.samples(drive))
    levels = {
        agent.agent_id: int(nuscenes.get("sample_annotation", token)["visibility_token"])
        for token, (_, agent) in zip(sample["anns"], agents_at(drive, 0.0), strict=True)
    }
    assert levels["lead"] == 4
    assert levels["bus"] == 4
    assert levels["behind the bus"] == 1
