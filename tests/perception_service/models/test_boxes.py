import numpy as np
import pytest

from perception_service.boxes import agents_from_lidar_boxes, lidar_boxes_from_agents
from waymend.geometry import Pose

NUSCENES = Pose.from_yaw(-np.pi / 2, [0.94, 0.0, 1.84])
TILTED = Pose.from_quaternion(np.array([0.70, -0.02, 0.01, -0.71]) / 0.99735, [0.9, 0.1, 1.8])


def test_a_known_lidar_box_lands_where_the_ego_frame_says():
    """10 m ahead of a LiDAR whose y axis points forward, driving forward; its floor 1.84 m below the LiDAR."""
    box = np.array([[0.0, 10.0, -1.84, 4.0, 2.0, 1.5, np.pi / 2, 0.0, 6.0]])
    (agent,) = agents_from_lidar_boxes(box, np.array([0]), np.array([0.9]), NUSCENES)
    np.testing.assert_allclose(agent.center_ego_m, (10.94, 0.0, 0.75), atol=1e-9)
    np.testing.assert_allclose(agent.velocity_ego_mps, (6.0, 0.0), atol=1e-9)
    assert agent.yaw_rad == pytest.approx(0.0, abs=1e-9)
    assert (agent.length_m, agent.width_m, agent.height_m) == (4.0, 2.0, 1.5)
    assert (agent.object_class, agent.score) == ("car", 0.9)


@pytest.mark.parametrize("yaw_rad", [-3.0, -0.4, 0.0, 2.9])
def test_agents_survive_the_way_to_the_lidar_frame_and_back(make_agent, yaw_rad):
    agents = (
        make_agent(12.0, -3.0, yaw_rad=yaw_rad, velocity_ego_mps=(3.0, -1.0)),
        make_agent(-7.0, 20.0, yaw_rad=yaw_rad, object_class="traffic_cone"),
    )
    boxes, labels = lidar_boxes_from_agents(agents, NUSCENES)
    back = agents_from_lidar_boxes(boxes, labels, np.ones(2), NUSCENES)
    for agent, returned in zip(agents, back, strict=True):
        assert returned.object_class == agent.object_class
        np.testing.assert_allclose(returned.center_ego_m, agent.center_ego_m, atol=1e-9)
        np.testing.assert_allclose(returned.velocity_ego_mps, agent.velocity_ego_mps, atol=1e-9)
        assert returned.yaw_rad == pytest.approx(agent.yaw_rad)


def test_a_slightly_tilted_lidar_barely_changes_a_box(make_agent):
    agent = make_agent(20.0, 5.0, velocity_ego_mps=(5.0, 0.0))
    boxes, labels = lidar_boxes_from_agents([agent], TILTED)
    (back,) = agents_from_lidar_boxes(boxes, labels, np.ones(1), TILTED)
    np.testing.assert_allclose(back.center_ego_m, agent.center_ego_m, atol=0.05)
    np.testing.assert_allclose(back.velocity_ego_mps, agent.velocity_ego_mps, atol=0.05)
    assert back.yaw_rad == pytest.approx(agent.yaw_rad, abs=0.01)


def test_no_agents_are_no_rows():
    boxes, labels = lidar_boxes_from_agents([], NUSCENES)
    assert boxes.shape == (0, 9)
    assert agents_from_lidar_boxes(boxes, labels, np.zeros(0), NUSCENES) == ()
