"""What is made up around a drive leaves its roads and tracks free, and looks the same each time."""

import numpy as np
import pytest
import shapely

from tests.training.data.straight_drive import SIZES_LWH_M, agent, straight_drive
from training.data.sensing.agent_shapes import AgentShape
from training.data.sensing.drive_world import DriveWorld, RigSettings, SensorRig
from training.data.sensing.scenery import scenery, surroundings
from training.rendering.materials import Material
from training.rendering.world import STATIC_INSTANCE


@pytest.fixture(scope="module")
def drive():
    return straight_drive()


@pytest.mark.parametrize("category", [*SIZES_LWH_M, "vehicle.motorcycle", "vehicle.construction", "animal"])
def test_every_kind_of_agent_fills_its_box(category):
    size = SIZES_LWH_M.get(category, (1.1, 0.7, 1.2))
    someone = agent("someone", "vehicle.car", 0.0, 0.0)
    someone = type(someone)("someone", category, size, someone.track)
    vertices = AgentShape(someone, np.random.default_rng(0)).at(1.0).vertices_m
    np.testing.assert_allclose(vertices.min(axis=0), [-size[0] / 2, -size[1] / 2, 0.0], atol=1e-9)
    np.testing.assert_allclose(vertices.max(axis=0), [size[0] / 2, size[1] / 2, size[2]], atol=1e-9)


def test_a_walker_moves_its_legs_and_a_stander_does_not():
    walker = AgentShape(agent("walker", "human.pedestrian.adult", 0, 0, 1.3), np.random.default_rng(0))
    stander = AgentShape(agent("stander", "human.pedestrian.adult", 0, 0), np.random.default_rng(0))
    assert len({walker.at(t).vertices_m.tobytes() for t in np.arange(0.0, 1.2, 0.1)}) > 2
    assert len({stander.at(t).vertices_m.tobytes() for t in np.arange(0.0, 1.2, 0.1)}) == 1


def test_scenery_leaves_the_road_and_all_tracks_free(drive):
    around = surroundings(drive)
    made_up = scenery(drive, around, np.random.default_rng(1))
    solid = made_up.materials != Material.GROUND
    corners = made_up.vertices_m[np.unique(made_up.faces[solid])]
    low = shapely.points(corners[corners[:, 2] < 1.6][:, :2])
    assert len(low) > 500
    assert not shapely.contains(drive.road_map.drivable, low).any()
    trails = shapely.union_all(
        [shapely.LineString(agent.track.positions_m[:, :2]).buffer(0.5) for agent in drive.agents]
    )
    assert not shapely.contains(trails, low).any()


def test_a_moment_holds_the_agents_near_by(drive):
    instances = set(np.unique(DriveWorld(drive).at(0.0).world.instances).tolist())
    there = {i for i, agent in enumerate(drive.agents) if agent.track.valid_at([0.0])[0]}
    assert instances == there | {STATIC_INSTANCE}


def test_equal_moments_are_equal_bit_by_bit_whatever_was_seen_before(drive):
    rig = SensorRig(RigSettings(width_px=88, height_px=32, lidar_columns=90))
    first, second = DriveWorld(drive), DriveWorld(drive)
    second.at(3.0).scan(rig.lidar)
    for world_first, world_second in ((first.at(1.0), second.at(1.0)),):
        np.testing.assert_array_equal(
            world_first.scan(rig.lidar).points_lidar, world_second.scan(rig.lidar).points_lidar
        )
        np.testing.assert_array_equal(world_first.image(rig.cameras[0]).rgb, world_second.image(rig.cameras[0]).rgb)


def test_exposure_varies_from_image_to_image(drive):
    rig = SensorRig(RigSettings(width_px=88, height_px=32))
    world = DriveWorld(drive)
    means = [world.at(time_s).image(rig.cameras[0]).rgb.mean() for time_s in (0.0, 0.5, 1.0, 1.5)]
    assert np.std(means) > 0.5


def test_some_pulses_are_lost(drive):
    rig = SensorRig(RigSettings())
    points = len(DriveWorld(drive).at(0.0).scan(rig.lidar).points_lidar)
    assert 0.4 * 32 * 1080 < points < 0.98 * 32 * 1080
