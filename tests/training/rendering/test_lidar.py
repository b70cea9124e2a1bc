"""LiDAR points lie on what they hit, in nuScenes' LiDAR frame."""

import numpy as np
import pytest
import trimesh

from training.rendering.lidar import scan
from training.rendering.materials import Material
from training.rendering.sensors import nuscenes_lidar
from training.rendering.solids import box
from training.rendering.world import STATIC_INSTANCE, World
from waymend.geometry import Pose

LIDAR = nuscenes_lidar(columns=360)


class Unpainted:
    def paint(self, points_m, blur_m):
        return np.full((len(points_m), 3), 0.5), np.full(len(points_m), 0.5)


@pytest.fixture(scope="module")
def cloud(world, scene_from_ego):
    return scan(world, LIDAR, scene_from_ego, np.random.default_rng(0))


def points_on(cloud, actor, scene_from_ego, time_s, number):
    """Points of an actor in its own frame."""
    points_ego = LIDAR.ego_from_lidar.apply(cloud.points_lidar[cloud.instances == number, :3])
    return actor.pose(time_s).inverse().apply(scene_from_ego.apply(points_ego))


def test_points_of_an_agent_lie_in_its_box_and_on_its_surface(cloud, scene, scene_from_ego, time_s):
    tolerance_m, seen = 5 * LIDAR.noise_m, 0
    for number, actor in enumerate(scene.actors):
        points = points_on(cloud, actor, scene_from_ego, time_s, number)
        if len(points) == 0:
            continue
        length, width, height = actor.size_m
        assert (np.abs(points[:, :2]) < np.array([length, width]) / 2 + tolerance_m).all()
        assert ((points[:, 2] > -tolerance_m) & (points[:, 2] < height + tolerance_m)).all()
        mesh = trimesh.Trimesh(actor.shape.vertices_m, actor.shape.faces, process=False)
        _, off_surface_m, _ = trimesh.proximity.closest_point_naive(mesh, points[:60])
        assert off_surface_m.max() < tolerance_m
        seen += 1
    assert seen >= 10


def test_road_points_are_level(cloud):
    heights = LIDAR.ego_from_lidar.apply(cloud.points_lidar[cloud.instances == STATIC_INSTANCE, :3])[:, 2]
    assert heights.min() > -5 * LIDAR.noise_m


@pytest.mark.parametrize(
    ("corner_ego_m", "axis", "expected_m"),
    [((10.0, -1.0), 1, 10.0 - 0.94), ((0.0, -12.0), 0, 11.0)],
    ids=["a box ahead lies along +y", "a box on the right lies along +x"],
)
def test_the_lidar_frame_has_x_right_and_y_forward(corner_ego_m, axis, expected_m):
    x, y = corner_ego_m
    world = World([(0, box((x, y, 0.0), (x + 1, y + 1, 3.0), (0.5, 0.5, 0.5), Material.MASONRY))], Unpainted())
    points = scan(world, LIDAR, Pose.identity(), np.random.default_rng(0)).points_lidar
    assert len(points) > 5
    assert points[:, axis].min() == pytest.approx(expected_m, abs=5 * LIDAR.noise_m)


def test_points_have_five_channels_of_legal_values(cloud):
    points = cloud.points_lidar
    assert points.dtype == np.float32
    assert points.shape[1] == 5
    assert points[:, 3].min() >= 0
    assert 20 < points[:, 3].max() <= 255
    assert (points[:, 4] == 0).all()


def test_range_noise_has_the_stated_spread():
    wall = World([(0, box((8.0, -40.0, -5.0), (9.0, 40.0, 20.0), (0.5, 0.5, 0.5), Material.MASONRY))], Unpainted())
    points = scan(wall, LIDAR, Pose.identity(), np.random.default_rng(0)).points_lidar[:, :3].astype(float)
    ranges = np.linalg.norm(points, axis=1)
    error_m = ranges - (8.0 - 0.94) * ranges / points[:, 1]
    assert error_m.std() == pytest.approx(LIDAR.noise_m, rel=0.1)
