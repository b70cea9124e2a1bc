"""The whole pipeline on a GPU against the same on the CPU, with every kernel that is installed."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch

from perception_service.inference_options import InferenceOptions
from perception_service.models.perception_model import PerceptionModel
from perception_service.pipeline import PerceptionPipeline
from tests.perception_service.models.bevfusion.complete_model import complete_config

DEVICE = "cuda"
OPTIONS = {
    "plain torch": InferenceOptions(),
    "triton": InferenceOptions(sparse_conv_kernel="triton", pool_kernel="triton"),
    "spconv": InferenceOptions(sparse_conv_kernel="spconv"),
    "float16": InferenceOptions(precision="float16"),
    "float16, triton": InferenceOptions("float16", sparse_conv_kernel="triton", pool_kernel="triton"),
}
TOKENS = ("image_tokens", "bev_tokens", "vector_tokens")

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return PerceptionModel.from_config(complete_config()).eval()


@pytest.mark.parametrize("name", OPTIONS)
def test_tokens_are_those_of_the_cpu(name, model, make_scene):
    """Root mean square of the difference over that of the tokens: at most 1 % in float32 and 3 % in float16."""
    options = OPTIONS[name]
    if find_spec(options.sparse_conv_kernel) is None:
        pytest.skip(f"{options.sparse_conv_kernel} is not installed")
    scene = make_scene(agents=())
    expected = PerceptionPipeline(model, model.config).encode(scene)
    given = PerceptionPipeline(model, model.config, DEVICE, options).encode(scene)
    limit = 0.01 if options.precision == "float32" else 0.03
    for tokens in TOKENS:
        reference, found = getattr(expected, tokens).astype(float), getattr(given, tokens).astype(float)
        assert np.sqrt(np.mean((found - reference) ** 2)) <= limit * np.sqrt(np.mean(reference**2)), tokens


def test_a_batch_gives_each_scene_what_it_would_get_alone(model, make_scene):
    pipeline = PerceptionPipeline(model, model.config, DEVICE)
    scenes = [make_scene(agents=()), make_scene(agents=(), points_lidar=np.zeros((0, 5), np.float32))]
    together = pipeline.encode_batch([pipeline.preprocess(scene) for scene in scenes])
    for scene, encoded in zip(scenes, together, strict=True):
        alone = pipeline.encode(scene)
        for tokens in TOKENS:
            np.testing.assert_allclose(getattr(encoded, tokens), getattr(alone, tokens), atol=2e-2, err_msg=tokens)
