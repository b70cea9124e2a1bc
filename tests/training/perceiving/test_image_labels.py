"""Agents and ground in the images."""

import numpy as np
import pytest

from perception_service.boxes import lidar_boxes_from_agents
from perception_service.models.config import PerceptionConfig
from perception_service.models.presets import preset
from perception_service.preprocessing import bevfusion_inputs
from perception_service.scene import CameraView, Scene
from training.perceiving.image_labels import IMAGE_LABELS, ImageCells, image_labels
from waymend.agents import AgentBox
from waymend.geometry import Pose
from waymend.vocabulary import CAMERA_NAMES

CONFIG = PerceptionConfig.parse(preset("tiny"))
CELLS = ImageCells((128, 352), (16, 44))
VEHICLE, PERSON, DRIVABLE = range(len(IMAGE_LABELS))
FRONT, FRONT_RIGHT, FRONT_LEFT, BACK = range(4)
YAWS_DEG = (0.0, -55.0, 55.0, 180.0, 110.0, -110.0)
AXES = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
INTRINSIC = np.array([[1266.4, 0.0, 816.3], [0.0, 1266.4, 491.5], [0.0, 0.0, 1.0]])


@pytest.fixture(scope="module")
def inputs(ego_from_lidar):
    cameras = tuple(
        CameraView(
            name,
            0,
            np.zeros((900, 1600, 3), np.uint8),
            INTRINSIC,
            Pose.from_yaw(np.deg2rad(yaw), [1.7, 0.0, 1.5]) @ Pose(AXES, np.zeros(3)),
        )
        for name, yaw in zip(CAMERA_NAMES, YAWS_DEG, strict=True)
    )
    scene = Scene("", 0, Pose.identity(), cameras, np.zeros((0, 5), np.float32), ego_from_lidar)
    return bevfusion_inputs(scene, CONFIG)


@pytest.fixture(scope="module")
def labelled(inputs, grid, ego_from_lidar):
    """Labels of agents before ground that is drivable to the left of the vehicle and nowhere else."""

    def make(*agents: AgentBox):
        left = grid.centres_ego_m(ego_from_lidar)[..., 1] > 0
        boxes, classes = lidar_boxes_from_agents(agents, ego_from_lidar)
        ground = (left, np.ones_like(left))
        return image_labels(inputs, boxes, classes, ground, -ego_from_lidar.translation_m[2], CELLS, grid)

    return make


def car(x_m: float, y_m: float, object_class: str = "car", size=(4.5, 1.9, 1.6)) -> AgentBox:
    return AgentBox("", object_class, (x_m, y_m, size[2] / 2), *size, 0.0)


def cell_of(x_m, y_m, z_m) -> tuple[int, int]:
    """Row and column of a point in the front camera, by hand: 1600x900 shrinks to 384x216, of which 352x128 is cut."""
    forward, left, up = x_m - 1.7, y_m, z_m - 1.5
    u, v = 816.3 - 1266.4 * left / forward, 491.5 - 1266.4 * up / forward
    return int((v * 0.24 - 88) // 8), int((u * 0.24 - 16) // 8)


def test_a_car_ahead_fills_its_rectangle_in_the_front_image_alone(labelled):
    labels, counted = labelled(car(20.0, 3.0))
    rows, columns = np.nonzero(labels[FRONT, VEHICLE])
    top, left = cell_of(17.75, 3.95, 1.6)
    bottom, _ = cell_of(17.75, 2.05, 0.0)
    _, right = cell_of(22.25, 2.05, 0.0)
    assert top <= rows.min() <= top + 1
    assert bottom - 1 <= rows.max() <= bottom
    assert left <= columns.min() <= left + 1
    assert right - 1 <= columns.max() <= right
    assert len(rows) == (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)
    assert not labels[[FRONT_RIGHT, BACK], VEHICLE].any()
    assert counted[:, VEHICLE].all()


def test_a_far_pedestrian_still_takes_a_cell(labelled):
    labels, _ = labelled(car(45.0, -6.0, "pedestrian", (0.5, 0.5, 1.7)))
    assert 1 <= labels[FRONT, PERSON].sum() <= 4
    assert labels[FRONT, PERSON][cell_of(45.0, -6.0, 0.85)]


def test_what_stands_behind_a_camera_is_not_in_its_image(labelled):
    labels, _ = labelled(car(-12.0, 0.0))
    assert labels[BACK, VEHICLE].any()
    assert not labels[[FRONT, FRONT_LEFT, FRONT_RIGHT], VEHICLE].any()


def test_ground_to_the_left_is_drivable_and_sky_is_not(labelled):
    labels, counted = labelled()
    for x_m, y_m in ((10.0, 2.0), (25.0, 4.0)):
        assert labels[FRONT, DRIVABLE][cell_of(x_m, y_m, 0.0)]
        assert not labels[FRONT, DRIVABLE][cell_of(x_m, -y_m, 0.0)]
        assert counted[FRONT, DRIVABLE][cell_of(x_m, -y_m, 0.0)]
    assert labels[FRONT_LEFT, DRIVABLE].any()
    assert not labels[FRONT_RIGHT, DRIVABLE].any()
    assert not labels[:, DRIVABLE, 0].any()
    assert counted[:, DRIVABLE, 0].all()


def test_ground_behind_an_agent_and_beyond_the_map_does_not_count(labelled):
    _, counted = labelled(car(20.0, 3.0))
    assert not counted[FRONT, DRIVABLE][cell_of(17.75, 3.0, 0.8)]
    assert not counted[FRONT, DRIVABLE][cell_of(80.0, 10.0, 0.0)]
