"""A motion prior: through transformers and through the engine its offsets come on top of the head's."""

import shutil
import uuid

import numpy as np
import pytest
import torch

from llm_service.checkpoint import CheckpointError, check_checkpoint
from llm_service.engine import CorrectionEngine
from llm_service.engine_settings import EngineSettings
from llm_service.modeling.motion_prior import load_motion_prior, make_motion_prior
from llm_service.modeling.special_tokens import PLAN_MODALITY
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from llm_service.modeling.weight_files import model_tensors, write_weights


@pytest.fixture(scope="module")
def llm_with_prior(tiny_llm, tmp_path_factory):
    """The tiny model with a prior of decimetres."""
    directory = tmp_path_factory.mktemp("prior") / "llm"
    shutil.copytree(tiny_llm, directory)
    model = TrajectoryLlamaForCausalLM.from_pretrained(tiny_llm)
    torch.manual_seed(2)
    model.motion_prior = make_motion_prior(model.config)
    for member in model.motion_prior.members:
        torch.nn.init.normal_(member.output.weight, std=0.02)
    model.config.motion_prior = True
    model.config.save_pretrained(directory)
    write_weights(directory, model_tensors(model), torch.float16)
    return directory


def test_a_fresh_prior_leaves_plans_alone(config, make_prompt):
    plan = make_prompt(0).tokens[PLAN_MODALITY]
    assert not make_motion_prior(config)(plan).any()
    assert make_motion_prior(config)(plan).shape == (1, 6, 2)


async def test_transformers_and_engine_add_the_same_prior(llm_with_prior, transformers_model, make_prompt, reference):
    model = TrajectoryLlamaForCausalLM.from_pretrained(llm_with_prior).eval()
    prior = load_motion_prior(llm_with_prior)
    engine = await CorrectionEngine.start(llm_with_prior, EngineSettings(kv_cache_bytes=64 << 20))
    try:
        for seed in range(3):
            prompt = make_prompt(seed)
            added_m = prior(prompt.tokens[PLAN_MODALITY])[0].numpy()
            without_m, scale_m = reference(transformers_model, prompt)
            offset_m, same_scale_m = reference(model, prompt)
            np.testing.assert_allclose(offset_m, without_m + added_m, rtol=0, atol=1e-6)
            np.testing.assert_array_equal(same_scale_m, scale_m)
            assert np.abs(added_m).max() > 0.05
            prediction = await engine.predict(prompt, uuid.uuid4().hex)
            np.testing.assert_allclose(prediction.offset_ego_m, offset_m, rtol=0, atol=1e-3)
    finally:
        await engine.shutdown()


def test_a_model_without_a_prior_has_none_to_load(tiny_llm):
    assert load_motion_prior(tiny_llm) is None


def test_a_prior_that_the_configuration_announces_must_be_there(llm_with_prior, tmp_path):
    llm = tmp_path / "llm"
    shutil.copytree(llm_with_prior, llm)
    (llm / "motion_prior.safetensors").unlink()
    with pytest.raises(CheckpointError):
        check_checkpoint(llm)
    config = llm / "config.json"
    config.write_text(config.read_text().replace('"motion_prior": true', '"motion_prior": false'))
    shutil.copy(llm_with_prior / "motion_prior.safetensors", llm)
    with pytest.raises(CheckpointError, match=r"unexpected tensors \['motion_prior"):
        check_checkpoint(llm)
