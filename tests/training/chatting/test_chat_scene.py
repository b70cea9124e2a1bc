"""Scenes to talk about: key frames of correction samples, and frame directories."""

import numpy as np
import pytest
from nuscenes.nuscenes import NuScenes

from tests.training.chatting.conftest import FRAME
from tests.training.data.straight_drive import straight_drive
from training.chatting.chat_scene import scene_of_frame, scene_of_sample
from training.data.nuscenes_format.data_set import WritingOptions, write_data_set
from training.data.samples.build import build_samples
from training.loading.sample_rows import read_rows
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

VERSION = "v1.0-mini"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root, out = tmp_path_factory.mktemp("nuscenes"), tmp_path_factory.mktemp("samples")
    write_data_set([straight_drive(frames=10)], root, WritingOptions(version=VERSION))
    build_samples(NuScenes(VERSION, str(root), verbose=False), out, seed=3, shares=(1, 0, 0))
    return out


def test_a_sample_comes_with_all_its_proposals_and_the_truth(data):
    rows = read_rows(data, "train")
    token = rows.sample_tokens[-1]
    scene = scene_of_sample(data, token)
    of_sample = [row for row in rows.conversations if row["sample_token"] == token]
    assert list(scene.proposals) == [row["proposal_kind"] for row in of_sample]
    assert {"truth", "constant_velocity", "planner_good"} <= set(scene.proposals)
    np.testing.assert_array_equal(scene.truth_ego_m, scene.proposals["truth"])
    assert scene.frame.description.frame_id == token
    assert scene.command == of_sample[0]["command"]


def test_without_a_token_the_first_sample_is_taken(data):
    assert scene_of_sample(data).frame.description.frame_id == read_rows(data, "train").sample_tokens[0]


def test_an_unknown_sample_and_an_empty_directory_are_refused(data, tmp_path):
    with pytest.raises(InvalidField, match="sample: expected the token of a key frame"):
        scene_of_sample(data, "nothing")
    with pytest.raises(InvalidField, match="sample: expected samples in"):
        scene_of_sample(tmp_path)


def test_a_data_set_that_has_moved_is_found_where_it_is_said_to_be(data, tmp_path):
    with pytest.raises(InvalidField, match="version"):
        scene_of_sample(data, dataroot=tmp_path)


def test_a_frame_directory_has_extrapolations_of_its_motion():
    scene = scene_of_frame(FRAME, Horizon(), "left")
    assert list(scene.proposals) == ["constant_velocity", "ctra", "frozen"]
    np.testing.assert_allclose(scene.proposals["constant_velocity"][-1], [3.0 * scene.ego_state.speed_mps, 0.0])
    assert scene.command == "left"
    assert scene.truth_ego_m.shape == (6, 2)


def test_a_frame_without_motion_needs_a_speed(tmp_path):
    from waymend.frames import read_frame_directory, write_frame_directory
    from waymend.frames.directory import FrameDirectory

    given = read_frame_directory(FRAME)
    bare = given.description.model_copy(update={"ego_state": None})
    write_frame_directory(tmp_path, FrameDirectory(bare, given.lidar, given.jpegs))
    with pytest.raises(InvalidField, match="--speed-mps"):
        scene_of_frame(tmp_path, Horizon(), "straight")
    assert scene_of_frame(tmp_path, Horizon(), "straight", speed_mps=7.0).ego_state.speed_mps == 7.0
