"""The real engine on exported bundles answers as the trained corrector does."""

import uuid
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from llm_service.engine import CorrectionEngine
from llm_service.engine_settings import EngineSettings
from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.plan_features import plan_features
from llm_service.prompt import PromptBuilder, expand_placeholders
from perception_service.bundle import load_perception_model
from training.exporting.comparison import TOLERANCE_M, trained_corrector
from training.exporting.probes import probe_batch
from training.modeling.scene_tokens import scene_tokens
from waymend.trajectory import EgoState
from waymend.vocabulary import MODALITIES

PROBES = range(4)
STEP_S = 0.5


class Probe:
    """A made-up scene and proposal: what the trainer's corrector says of it, and the prompt that a service sends."""

    def __init__(self, stage: Path, bundle: Path, seed: int) -> None:
        llm = bundle / "llm"
        config = TrajectoryLlamaConfig.from_pretrained(llm)
        perception = load_perception_model(bundle / "perception/model.safetensors").eval()
        batch = probe_batch(config, perception.config, seed)
        rng = np.random.default_rng(seed)
        proposal_ego_m = np.cumsum(rng.normal((3.0, 0.0), 0.3, (6, 2)), axis=0)
        plan = plan_features(proposal_ego_m, STEP_S, EgoState(6.0, 0.5, 0.05), "left")
        made = scene_tokens(perception, batch, MODALITIES)
        tokens = {name: given.of_samples()[0].half() for name, given in made.items()}
        prompts = PromptBuilder(AutoTokenizer.from_pretrained(llm), config)
        self.prompt = prompts.correction(tokens, plan, "keep the lane")
        ids = torch.tensor([expand_placeholders(self.prompt, config)])
        asked = {
            **batch,
            "input_ids": ids,
            "attention_mask": torch.ones_like(ids),
            "plan": torch.from_numpy(plan)[None],
        }
        with torch.inference_mode():
            offset_m, scale_m = trained_corrector(stage).predict(asked)
        self.offset_m, self.scale_m = offset_m[0].numpy(), scale_m[0].numpy()


@pytest.mark.parametrize(
    ("stage", "bundle"), [("lora_stage", "merged"), ("lora_stage", "with_adapter"), ("full_stage", "full")]
)
async def test_the_engine_answers_as_the_trained_corrector_does(stage, bundle, request):
    directory, exported = request.getfixturevalue(stage), request.getfixturevalue(bundle)
    probes = [Probe(directory, exported, seed) for seed in PROBES]
    engine = await CorrectionEngine.start(exported / "llm", EngineSettings(kv_cache_bytes=64 << 20))
    try:
        for probe in probes:
            prediction = await engine.predict(probe.prompt, uuid.uuid4().hex)
            np.testing.assert_allclose(prediction.offset_ego_m, probe.offset_m, rtol=0, atol=TOLERANCE_M)
            np.testing.assert_allclose(prediction.scale_m, probe.scale_m, rtol=0, atol=TOLERANCE_M)
    finally:
        await engine.shutdown()
    assert np.abs(probes[0].offset_m - probes[1].offset_m).max() > 3 * TOLERANCE_M
