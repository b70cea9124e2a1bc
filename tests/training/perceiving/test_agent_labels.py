"""Agents in the BEV map."""

import numpy as np
import pytest
import shapely
from shapely import affinity

from perception_service.boxes import lidar_boxes_from_agents
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import preset
from training.data.samples.keyframe_rows import keyframe_from_row
from training.perceiving.agent_labels import agent_labels
from training.perceiving.frames import BEV_LABELS
from training.perceiving.raster_grid import RasterGrid
from waymend.agents import AgentBox

VEHICLE, PERSON = 0, 1


def box_at(x_m, y_m, object_class="car", size_lwh_m=(4.5, 1.9, 1.6), yaw_rad=0.0, velocity=(0.0, 0.0)) -> AgentBox:
    return AgentBox("", object_class, (x_m, y_m, size_lwh_m[2] / 2), *size_lwh_m, yaw_rad, velocity)


def drawn(agents, ego_from_lidar, grid):
    return agent_labels(*lidar_boxes_from_agents(agents, ego_from_lidar), grid)


def test_a_car_ahead_and_left_fills_the_cells_there(grid, ego_from_lidar):
    labels = drawn([box_at(20.0, 8.0)], ego_from_lidar, grid)
    x, y = np.argwhere(labels.occupied[VEHICLE]).T
    # To the left is against the LiDAR's x, ahead is along its y.
    assert set(x) <= set(np.arange((51.2 - 8.0 - 0.95) // 0.8, (51.2 - 8.0 + 0.95) // 0.8 + 1))
    assert set(y) <= set(np.arange((51.2 + 20.0 - 0.94 - 2.25) // 0.8, (51.2 + 20.0 - 0.94 + 2.25) // 0.8 + 1))
    assert len(x) * 0.64 == pytest.approx(4.5 * 1.9, rel=0.3)
    assert not labels.occupied[PERSON].any()


@pytest.mark.parametrize("yaw_rad", [0.0, 0.6, 2.0, -1.2])
def test_a_long_vehicle_covers_the_cells_whose_middle_shapely_finds_in_it(grid, ego_from_lidar, yaw_rad):
    bus = box_at(-15.0, -12.0, "bus", (11.0, 2.6, 3.2), yaw_rad)
    outline = affinity.translate(
        affinity.rotate(shapely.box(-5.5, -1.3, 5.5, 1.3), yaw_rad, (0, 0), use_radians=True), -15.0, -12.0
    )
    found = drawn([bus], ego_from_lidar, grid).occupied[VEHICLE]
    middles = grid.centres_ego_m(ego_from_lidar)
    clear = np.abs(shapely.distance(outline.boundary, shapely.points(middles))) > 0.05
    expected = shapely.contains_xy(outline, middles[..., 0], middles[..., 1])
    np.testing.assert_array_equal(found[clear], expected[clear])
    assert found.sum() > 30


def test_a_pedestrian_smaller_than_a_cell_is_there_wherever_it_stands(grid, ego_from_lidar):
    for shift_m in np.linspace(0.0, 0.8, 9):
        walker = box_at(10.0 + shift_m, 5.0 - shift_m / 3, "pedestrian", (0.5, 0.5, 1.7), yaw_rad=shift_m)
        assert 1 <= drawn([walker], ego_from_lidar, grid).occupied[PERSON].sum() <= 4


def test_occupied_cells_move_as_their_agent_does_and_others_do_not_say(grid, ego_from_lidar):
    labels = drawn([box_at(20.0, 8.0, velocity=(5.0, 1.0))], ego_from_lidar, grid)
    cells = labels.occupied[VEHICLE]
    # 5 m/s ahead and 1 m/s to the left.
    np.testing.assert_allclose(labels.velocity_mps[:, cells].T, np.tile([-1.0, 5.0], (cells.sum(), 1)), atol=0.01)
    assert np.isnan(labels.velocity_mps[:, ~cells]).all()


def test_cones_and_agents_off_the_map_leave_it_empty(grid, ego_from_lidar):
    agents = [box_at(10.0, 0.0, "traffic_cone"), box_at(10.0, 3.0, "barrier"), box_at(90.0, 0.0)]
    labels = drawn(agents, ego_from_lidar, grid)
    assert not labels.occupied.any()
    assert not drawn([], ego_from_lidar, grid).occupied.any()


def test_lidar_points_on_vehicles_lie_in_occupied_cells_of_the_networks_own_voxels(frames):
    """Points are chosen in the ego frame, and placed by the network's voxelisation."""
    bevfusion = PerceptionModel.from_config(preset("tiny")).bevfusion
    on_vehicles = 0
    for index in range(len(frames)):
        keyframe = keyframe_from_row(frames._rows[index])
        scene = frames._reader.scene(keyframe.sample_token)
        batch = frames.batch_of(keyframe, scene)
        occupied = batch.bev.wanted[0, BEV_LABELS.index("vehicle")].numpy()
        points = batch.inputs.points_lidar[0]
        in_ego_m = scene.ego_from_lidar.apply(points[:, :3].numpy())
        for agent in keyframe.agents:
            inside = _inside(agent, in_ego_m)
            if agent.object_class not in ("car", "truck", "bus", "trailer") or not inside.any():
                continue
            cells = bevfusion.pts_voxel_layer(points[inside]).coordinates[:, :2].numpy() // 4
            assert occupied[tuple(cells.T)].mean() > 0.85, (agent.object_class, agent.center_ego_m)
            on_vehicles += len(cells)
    assert on_vehicles > 100


def test_cells_are_those_of_the_view_transform(grid):
    view = PerceptionModel.from_config(preset("tiny")).bevfusion.view_transform
    low_m = (view.bx - view.dx / 2)[:2].tolist()
    assert grid == RasterGrid(view.grid_shape[:2], tuple(grid.cell_size_m), tuple(grid.low_corner_m))
    assert grid.cell_size_m == pytest.approx(view.dx[:2].tolist())
    assert grid.low_corner_m == pytest.approx(low_m)


def _inside(agent: AgentBox, points_ego_m):
    """Points of the inner part of a box, so that none lies in the cells around it for rounding alone."""
    offsets = points_ego_m - agent.center_ego_m
    cos, sin = np.cos(agent.yaw_rad), np.sin(agent.yaw_rad)
    along, across = offsets[:, 0] * cos + offsets[:, 1] * sin, offsets[:, 1] * cos - offsets[:, 0] * sin
    return (
        (np.abs(along) < agent.length_m / 2 - 0.4)
        & (np.abs(across) < agent.width_m / 2 - 0.4)
        & (np.abs(offsets[:, 2]) < agent.height_m / 2)
    )
