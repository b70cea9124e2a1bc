"""The built-in drive is possible, repeatable, small, and what its command makes."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from shapely.affinity import rotate, translate
from shapely.geometry import Polygon, box

from training.procedural.braking_street import braking_street
from training.procedural.demo_drive import write_drive
from training.procedural.description import describe
from training.procedural.sensing import SensorQuality, world_at
from training.rendering.lidar import scan
from training.rendering.sensors import nuscenes_cameras, nuscenes_lidar
from waymend import ego_vehicle
from waymend.frames import read_frame_directory

COMMITTED = Path(__file__).parents[3] / "demo" / "drive"
COMMITTED_SEED = 7
COARSE = SensorQuality(width_px=96, height_px=54, samples=1, lidar_columns=60)
LARGEST_BYTES = 3_000_000


def digests(directory):
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def ego_outline(x_m, y_m, yaw_rad):
    rear = ego_vehicle.REAR_AXLE_TO_FRONT_M - ego_vehicle.LENGTH_M
    half = ego_vehicle.WIDTH_M / 2
    outline = box(rear, -half, ego_vehicle.REAR_AXLE_TO_FRONT_M, half)
    return translate(rotate(outline, yaw_rad, origin=(0, 0), use_radians=True), x_m, y_m)


def actor_outline(actor, time_s):
    length, width, _ = actor.size_m
    pose = actor.pose(time_s)
    outline = rotate(box(-length / 2, -width / 2, length / 2, width / 2), pose.yaw_rad, origin=(0, 0), use_radians=True)
    return translate(outline, *pose.translation_m[:2])


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    for name, seed in (("first", 3), ("second", 3), ("other", 4)):
        write_drive(tmp_path / name, seed, frames=2, quality=COARSE)
    first = digests(tmp_path / "first")
    assert len(first) == 2 * 8
    assert first == digests(tmp_path / "second")
    other = digests(tmp_path / "other")
    assert all(first[name] != other[name] for name in first if not name.endswith("frame.json"))


def test_the_true_future_stays_on_the_drivable_area_and_brakes():
    scene = braking_street(seed=1)
    for number, time_s in enumerate(scene.frame_times_s):
        frame = describe(scene, time_s, number, nuscenes_cameras(96, 54), nuscenes_lidar(60))
        road = Polygon(frame.map.drivable_areas[0].exterior_ego_m)
        future = np.array([[0.0, 0.0], *frame.future_trajectory_ego_m])
        for point, ahead_s in zip(future, np.arange(7) * 0.5, strict=True):
            yaw = scene.ego.state(time_s + ahead_s).yaw_rad - scene.ego.state(time_s).yaw_rad
            assert road.contains(ego_outline(*point, yaw))
        steps_m = np.linalg.norm(np.diff(future, axis=0), axis=1)
        assert (np.diff(steps_m) < 0).all()
        assert future[-1, 1] > 0.1


def test_the_expert_ego_touches_nobody_during_the_drive_and_its_futures():
    scene = braking_street(seed=1)
    for time_s in np.arange(0.0, scene.frame_times_s[-1] + 3.01, 0.1):
        state = scene.ego.state(time_s)
        ego = ego_outline(state.x_m, state.y_m, state.yaw_rad)
        touched = [actor.track_id for actor in scene.actors if actor_outline(actor, time_s).intersects(ego)]
        assert touched == []


def test_agents_never_overlap_each_other():
    scene = braking_street(seed=1)
    for time_s in np.arange(0.0, 6.01, 0.25):
        outlines = [actor_outline(actor, time_s) for actor in scene.actors]
        pairs = [(i, j) for i in range(len(outlines)) for j in range(i) if outlines[i].intersects(outlines[j])]
        assert [(scene.actors[i].track_id, scene.actors[j].track_id) for i, j in pairs] == []


def test_history_and_velocity_agree_with_the_motion():
    scene = braking_street(seed=1)
    frame = describe(scene, 1.0, 0, nuscenes_cameras(96, 54), nuscenes_lidar(60))
    oldest = frame.ego_history[0]
    assert frame.timestamp_us - oldest.timestamp_us == 1_000_000
    assert np.hypot(oldest.x_ego_m, oldest.y_ego_m) == pytest.approx(9.0, abs=0.02)
    later = describe(scene, 1.02, 0, nuscenes_cameras(96, 54), nuscenes_lidar(60))
    lead, lead_later = ({agent.track_id: agent for agent in f.agents}["car-oncoming"] for f in (frame, later))
    ego_from_later = scene.scene_from_ego(1.0).inverse() @ scene.scene_from_ego(1.02)
    moved = ego_from_later.apply(np.array(lead_later.center_ego_m)) - np.array(lead.center_ego_m)
    np.testing.assert_allclose(moved[:2] / 0.02, lead.velocity_ego_mps, atol=0.05)


def test_the_committed_drive_is_small_complete_and_in_order():
    frames = [read_frame_directory(directory) for directory in sorted(COMMITTED.iterdir())]
    assert 3 <= len(frames) <= 6
    assert sum(path.stat().st_size for path in COMMITTED.rglob("*") if path.is_file()) <= LARGEST_BYTES
    assert set(np.diff([frame.description.timestamp_us for frame in frames])) == {500_000}
    for frame in frames:
        assert len(frame.message().cameras) == 6
        points = np.frombuffer(frame.lidar, "<f4").reshape(-1, 5)
        assert len(points) > 12_000
        assert np.isfinite(points).all()


def test_the_committed_drive_is_what_the_command_makes():
    scene = braking_street(COMMITTED_SEED)
    for number, directory in enumerate(sorted(COMMITTED.iterdir())):
        frame = read_frame_directory(directory)
        quality, time_s = SensorQuality(), scene.frame_times_s[number]
        cameras, lidar = nuscenes_cameras(quality.width_px, quality.height_px), nuscenes_lidar(quality.lidar_columns)
        assert frame.description == describe(scene, time_s, number, cameras, lidar)
        random = np.random.default_rng([COMMITTED_SEED, number])
        made = scan(world_at(scene, time_s), lidar, scene.scene_from_ego(time_s), random).points_lidar
        # Another processor may round a grazing ray to the other side of an edge, hence not all.
        committed = np.frombuffer(frame.lidar, "<f4").reshape(-1, 5)
        assert len(made) == pytest.approx(len(committed), abs=10)
        if len(made) == len(committed):
            assert np.isclose(made, committed, atol=0.002).all(axis=1).mean() > 0.99
