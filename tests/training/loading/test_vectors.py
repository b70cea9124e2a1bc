"""Vectors of a key frame against those that the service makes of the same sample."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from nuscenes.nuscenes import NuScenes

from perception_service.convert.nuscenes_sample import frame_from_sample
from perception_service.limits import FrameLimits
from perception_service.models.tokens.vector_inputs import vector_inputs
from perception_service.wire.decode import decode_frame
from training.loading.vectors import KeyframeVectors, StopLineDropout, token_count, vectors_of
from waymend.agents import Polyline
from waymend.errors import InvalidField


@pytest.fixture(scope="module")
def served_scene(dataroot):
    """With its map, as a client sends it."""
    nuscenes = NuScenes("v1.0-mini", str(dataroot), verbose=False)

    def scene(sample_token):
        with ThreadPoolExecutor(1) as decoder:
            return decode_frame(frame_from_sample(nuscenes, sample_token).message(), FrameLimits(), decoder)

    return scene


@pytest.fixture
def vectors(rows, perception):
    return KeyframeVectors(rows.keyframes, perception.config)


def test_vectors_are_those_of_the_served_scene(vectors, served_scene, rows, perception):
    limits = perception.config.tokens["vector"]
    for token in rows.sample_tokens:
        scene = served_scene(token)
        expected = vector_inputs(
            scene.ego_state,
            scene.ego_history,
            scene.agents,
            scene.map.polylines,
            max_agents=limits["agents"],
            max_polylines=limits["polylines"],
        )
        for field in fields(expected):
            torch.testing.assert_close(
                getattr(vectors[token], field.name), getattr(expected, field.name), atol=1e-5, rtol=1e-5
            )


def test_ages_of_past_poses_are_positive_as_in_serving(vectors, rows):
    ages = vectors[rows.sample_tokens[0]].history[0, :, -1]
    assert ages.tolist() == pytest.approx([1.0, 0.5])


def test_tokens_are_counted_as_the_pipeline_makes_them(vectors, served_scene, pipeline, rows):
    for token in rows.sample_tokens:
        made = pipeline.encode(served_scene(token)).vector_tokens
        assert token_count(vectors[token]) == len(made)
        assert len(made) > 10


def test_vectors_are_kept(vectors, rows):
    token = rows.sample_tokens[0]
    assert vectors[token] is vectors[token]


def test_an_unknown_key_frame_is_refused(vectors):
    with pytest.raises(InvalidField, match="sample_token: expected one of the key frames of the same split, given x"):
        vectors["x"]


def test_history_is_not_changed_in_place(rows, perception):
    both = [KeyframeVectors(rows.keyframes, perception.config)[rows.sample_tokens[0]].history for _ in range(2)]
    assert np.array_equal(*both)


def with_stop_line(keyframe, scene_name):
    line = Polyline("stop_line", np.array([[12.0, -3.0], [12.0, 3.0]], np.float32))
    road_map = replace(keyframe.road_map, polylines=(*keyframe.road_map.polylines, line))
    return replace(keyframe, road_map=road_map, scene_name=scene_name)


def stop_lines_of(keyframe):
    return [line for line in keyframe.road_map.polylines if line.kind == "stop_line"]


def test_about_a_share_of_the_scenes_lose_their_stop_lines_and_nothing_else(vectors, rows):
    keyframe = vectors.keyframe(rows.sample_tokens[0])
    dropout = StopLineDropout(0.3, seed=4)
    told = [dropout(with_stop_line(keyframe, f"scene-{number}")) for number in range(200)]
    hidden = [one for one in told if not stop_lines_of(one)]
    assert 40 < len(hidden) < 80
    assert hidden[0].road_map.polylines == keyframe.road_map.polylines


def test_a_scene_is_told_alike_each_time_and_whole_where_nothing_is_dropped(vectors, rows):
    marked = with_stop_line(vectors.keyframe(rows.sample_tokens[0]), "scene-1")
    first, again = (bool(stop_lines_of(StopLineDropout(0.5, seed=4)(marked))) for _ in range(2))
    assert first == again
    assert StopLineDropout()(marked) is marked
    assert not stop_lines_of(StopLineDropout(1.0)(marked))


def test_the_vector_encoder_is_not_given_what_is_hidden(rows, perception):
    """The way features know the next stop line, and so does its polyline."""
    everything = KeyframeVectors(rows.keyframes, perception.config)
    marked = with_stop_line(everything.keyframe(rows.sample_tokens[0]), "scene-1")
    shown = vectors_of(marked, perception.config)
    hidden = vectors_of(StopLineDropout(1.0)(marked), perception.config)
    assert shown.polyline_mask.sum() == hidden.polyline_mask.sum() + 1
    assert not torch.equal(shown.ways, hidden.ways)
