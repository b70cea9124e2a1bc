import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from perception_service.inference_options import InferenceOptions
from perception_service.models.inference import prepared_for_inference
from perception_service.pipeline import PerceptionPipeline
from perception_service.preprocessing import bevfusion_inputs
from waymend.agents import Polyline, VectorMap


@pytest.fixture(scope="module")
def pipeline(tiny_model):
    return PerceptionPipeline(tiny_model, tiny_model.config)


def test_token_sets_have_their_budget_and_are_finite(pipeline, make_scene, make_agent):
    lines = tuple(Polyline("road_boundary", np.array([[k, 0], [k, 9]], np.float32)) for k in range(90))
    agents = tuple(make_agent(float(k), 2.0) for k in range(80))
    encoded = pipeline.encode(make_scene(agents=agents, map=VectorMap(lines)))
    for tokens, count in ((encoded.image_tokens, 96), (encoded.bev_tokens, 64), (encoded.vector_tokens, 128)):
        assert tokens.shape == (count, 256)
        assert tokens.dtype == np.float16
        assert np.isfinite(tokens).all()
        assert np.abs(tokens).max() < 100
    assert encoded.agents_given
    assert encoded.agents == agents
    assert set(encoded.stage_ms) == {"bevfusion", "tokens"}


@pytest.mark.parametrize("wanted", ["image", "bev", "vector"])
def test_a_modality_alone_has_the_tokens_that_it_has_among_all(pipeline, tiny_model, make_scene, wanted):
    scene = make_scene()
    alone = PerceptionPipeline(tiny_model, tiny_model.config, modalities=(wanted,)).encode(scene)
    among_all = pipeline.encode(scene)
    for name in ("image", "bev", "vector"):
        tokens = getattr(alone, f"{name}_tokens")
        expected = getattr(among_all, f"{name}_tokens") if name == wanted else np.zeros((0, 256), np.float16)
        assert np.array_equal(tokens, expected), name
    assert alone.detections == among_all.detections


def test_the_same_scene_gives_the_same_bits(pipeline, make_scene):
    first, second = pipeline.encode(make_scene()), pipeline.encode(make_scene())
    assert np.array_equal(first.image_tokens, second.image_tokens)
    assert np.array_equal(first.bev_tokens, second.bev_tokens)
    assert np.array_equal(first.vector_tokens, second.vector_tokens)
    assert first.detections == second.detections


def test_a_batch_gives_each_scene_what_it_would_get_alone(pipeline, make_scene, make_agent):
    scenes = [
        make_scene(agents=tuple(make_agent(float(k), 2.0) for k in range(5))),
        make_scene(agents=(), map=None, ego_history=np.zeros((0, 4))),
        make_scene(points_lidar=np.zeros((0, 5), np.float32), agents=None),
    ]
    together = pipeline.encode_batch([pipeline.preprocess(scene) for scene in scenes])
    for scene, encoded in zip(scenes, together, strict=True):
        alone = pipeline.encode(scene)
        for name in ("image_tokens", "bev_tokens", "vector_tokens"):
            np.testing.assert_allclose(getattr(encoded, name), getattr(alone, name), atol=2e-2, err_msg=name)
        assert encoded.agents_given == alone.agents_given


def test_a_missing_camera_takes_its_tokens_with_it_and_leaves_the_others_alone(pipeline, make_scene):
    whole = make_scene(agents=())
    lacking = replace(whole, cameras=whole.cameras[:3] + whole.cameras[4:])
    whole_scene, encoded = pipeline.encode_batch([pipeline.preprocess(scene) for scene in (whole, lacking)])
    assert encoded.image_tokens.shape == (80, 256)
    others = np.concatenate((whole_scene.image_tokens[:48], whole_scene.image_tokens[64:]))
    np.testing.assert_allclose(encoded.image_tokens, others, atol=2e-2)
    assert not np.allclose(encoded.bev_tokens, whole_scene.bev_tokens, atol=1e-3)


def test_half_precision_stays_near_float32(tiny_model, pipeline, make_scene):
    """Root mean square of the difference over that of the tokens, at most 3 %."""
    half = PerceptionPipeline(tiny_model, tiny_model.config, options=InferenceOptions(precision="bfloat16"))
    expected, given = pipeline.encode(make_scene(agents=())), half.encode(make_scene(agents=()))
    for name in ("image_tokens", "bev_tokens", "vector_tokens"):
        reference, tokens = getattr(expected, name).astype(float), getattr(given, name).astype(float)
        assert np.sqrt(np.mean((tokens - reference) ** 2)) <= 0.03 * np.sqrt(np.mean(reference**2)), name
    assert not np.array_equal(expected.bev_tokens, given.bev_tokens)


@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a compiler on a CPU")
def test_a_compiled_model_computes_the_same(tiny_model, pipeline, make_scene):
    compiled = PerceptionPipeline(tiny_model, tiny_model.config, options=InferenceOptions(compile_mode="default"))
    expected, given = pipeline.encode(make_scene()), compiled.encode(make_scene())
    for name in ("image_tokens", "bev_tokens", "vector_tokens"):
        np.testing.assert_allclose(getattr(given, name), getattr(expected, name), atol=2e-2, err_msg=name)


def test_a_scene_without_points_agents_map_and_history_is_encoded(pipeline, make_scene):
    bare = make_scene(
        points_lidar=np.zeros((0, 5), np.float32), agents=(), map=None, ego_state=None, ego_history=np.zeros((0, 4))
    )
    encoded = pipeline.encode(bare)
    assert encoded.vector_tokens.shape == (1, 256)
    assert np.isfinite(encoded.bev_tokens).all()


def test_an_untrained_model_finds_no_agents_and_given_ones_replace_none(pipeline, make_scene, make_agent):
    unknown = pipeline.encode(make_scene(agents=None))
    assert not unknown.agents_given
    assert unknown.agents == ()
    assert [box.score for box in unknown.detections] == sorted((box.score for box in unknown.detections), reverse=True)
    given = pipeline.encode(make_scene(agents=(make_agent(9.0, 0.0),)))
    assert len(given.vector_tokens) == len(unknown.vector_tokens) + 1


def test_confident_detections_become_agents(tiny_model, make_scene):
    eager = PerceptionPipeline(tiny_model, replace(tiny_model.config, agent_score_threshold=0.0))
    encoded = eager.encode(make_scene(agents=None))
    assert encoded.agents == encoded.detections
    assert len(encoded.vector_tokens) == 1 + min(63, len(encoded.agents)) + 1


def test_folding_normalisations_does_not_change_the_outputs(tiny_model, make_scene):
    inputs = bevfusion_inputs(make_scene(), tiny_model.config)
    with torch.no_grad():
        plain, fast = tiny_model.bevfusion(inputs), prepared_for_inference(tiny_model).bevfusion(inputs)
    torch.testing.assert_close(fast.bev_features, plain.bev_features, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(fast.head.dense_heatmap, plain.head.dense_heatmap, rtol=1e-3, atol=1e-4)


def test_the_model_can_be_trained_through(tiny_model, make_scene):
    inputs = bevfusion_inputs(make_scene(), tiny_model.config)
    outputs = tiny_model.bevfusion(inputs)
    tokens = tiny_model.bev_tokens(outputs.bev_features)
    tokens.square().mean().backward()
    assert tiny_model.bevfusion.img_backbone.conv1.weight.grad.abs().sum() > 0
    tiny_model.zero_grad(set_to_none=True)
