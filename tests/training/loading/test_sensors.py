"""Sensor data of key frames as the encoders are given them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from perception_service.preprocessing import bevfusion_inputs
from training.loading.sensors import SensorReader
from waymend.errors import InvalidField


def test_a_sample_becomes_a_batch_of_one_of_the_network_s_size(reader, rows):
    inputs = reader.inputs(rows.sample_tokens[0])
    assert inputs.images.shape == (1, 6, 3, 128, 352)
    assert inputs.image_from_lidar.shape == (1, 6, 4, 4)
    assert len(inputs.points_lidar) == 1
    assert inputs.points_lidar[0].shape[0] > 1000


def test_inputs_are_those_of_the_serving_path(reader, rows, pipeline):
    scene = reader.scene(rows.sample_tokens[0])
    served, read = pipeline.preprocess(scene).inputs, reader.inputs(rows.sample_tokens[0])
    assert torch.equal(served.images, read.images)
    assert torch.equal(served.points_lidar[0], read.points_lidar[0])


def test_fewer_cameras_are_the_first_of_them(reader, rows):
    token = rows.sample_tokens[0]
    scene = replace(reader, camera_views=2).scene(token)
    assert [view.name for view in scene.cameras] == ["CAM_FRONT", "CAM_FRONT_RIGHT"]
    assert np.array_equal(bevfusion_inputs(scene, reader.config).images, reader.inputs(token).images[:, :2])


@pytest.mark.parametrize("camera_views", [0, 7])
def test_no_or_too_many_cameras_are_refused(reader, camera_views):
    with pytest.raises(InvalidField, match=f"num_camera_views: expected from 1 to 6, given {camera_views}"):
        replace(reader, camera_views=camera_views)


def test_a_folder_without_the_version_s_tables_is_refused(reader, tmp_path):
    with pytest.raises(InvalidField, match="version: expected tables in"):
        SensorReader(tmp_path, "v1.0-mini", reader.config).open()


def test_a_sample_of_another_data_set_is_refused(reader):
    with pytest.raises(InvalidField, match="sample: expected the token of a sample of this data set"):
        reader.inputs("0" * 32)
