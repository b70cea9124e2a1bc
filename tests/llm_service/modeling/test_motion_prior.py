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


@pytest.fixture(scope="module", params=[False, True], ids=["plan", "plan and scene"])
def llm_with_prior(request, tiny_llm, tmp_path_factory):
    """The tiny model with a prior of decimetres, which reads the plan alone or a scene token too."""
    directory = tmp_path_factory.mktemp("prior") / "llm"
    shutil.copytree(tiny_llm, directory)
    model = TrajectoryLlamaForCausalLM.from_pretrained(tiny_llm)
    torch.manual_seed(2)
    model.motion_prior = make_motion_prior(model.config, request.param)
    for member in model.motion_prior.members:
        torch.nn.init.normal_(member.output.weight, std=0.02)
    model.config.motion_prior, model.config.motion_prior_sees_scene = True, request.param
    model.config.save_pretrained(directory)
    write_weights(directory, model_tensors(model), torch.float16)
    return directory


def test_a_fresh_prior_leaves_plans_alone(config, make_prompt):
    plan = make_prompt(0).tokens[PLAN_MODALITY]
    added_m = make_motion_prior(config, sees_scene=False)(plan)
    assert added_m.shape == (1, 6, 2)
    assert not added_m.any()


def told(prior, prompt):
    """The plan's numbers, and behind them those of the first vector token or of none."""
    plan, vector = prompt.tokens[PLAN_MODALITY].float(), prompt.tokens.get("vector")
    first = torch.zeros(prior.scene_width) if vector is None else vector[0, : prior.scene_width].float()
    return torch.cat((plan[0], first))[None]


async def test_transformers_and_engine_add_the_same_prior(llm_with_prior, transformers_model, make_prompt, reference):
    model = TrajectoryLlamaForCausalLM.from_pretrained(llm_with_prior).eval()
    prior = load_motion_prior(llm_with_prior)
    engine = await CorrectionEngine.start(llm_with_prior, EngineSettings(kv_cache_bytes=64 << 20))
    try:
        for seed, vectors in enumerate((100, 40, 0)):
            prompt = make_prompt(seed, (96, 64, vectors))
            added_m = prior(told(prior, prompt))[0].numpy()
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
