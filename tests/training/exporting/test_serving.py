"""The real engine on exported bundles, and both services on one, against the trained corrector."""

import io
import uuid
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
from rich.console import Console
from transformers import AutoTokenizer

from demo.built_in_drive import BUILT_IN_DRIVE
from demo.stack import StackPlan, local_stack
from llm_service.engine import CorrectionEngine
from llm_service.engine_settings import EngineSettings
from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.plan_features import plan_features
from llm_service.prompt import PromptBuilder, expand_placeholders
from perception_service.bundle import load_perception_model
from training.chatting.answerer import AnswerFailed
from training.chatting.chat_scene import scene_of_frame
from training.chatting.conversation import converse
from training.chatting.remote_answerer import remote_answerer
from training.chatting.terminal import Terminal
from training.exporting.comparison import trained_corrector
from training.exporting.export import export_bundle
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


@pytest.mark.parametrize(("stage", "adapter"), [("lora_stage", False), ("lora_stage", True), ("full_stage", False)])
async def test_the_engine_answers_as_the_trained_corrector_does(stage, adapter, request, tmp_path):
    directory = request.getfixturevalue(stage)
    export_bundle(directory, tmp_path / "bundle", "served", "1.0", adapter=adapter, compare=False)
    probes = [Probe(directory, tmp_path / "bundle", seed) for seed in PROBES]
    engine = await CorrectionEngine.start(tmp_path / "bundle/llm", EngineSettings(kv_cache_bytes=64 << 20))
    try:
        for probe in probes:
            prediction = await engine.predict(probe.prompt, uuid.uuid4().hex)
            np.testing.assert_allclose(prediction.offset_ego_m, probe.offset_m, rtol=0, atol=1e-3)
            np.testing.assert_allclose(prediction.scale_m, probe.scale_m, rtol=0, atol=1e-3)
    finally:
        await engine.shutdown()
    assert np.abs(probes[0].offset_m - probes[1].offset_m).max() > 3e-3


@pytest.fixture(scope="module")
def manifest(lora_stage, bundle):
    return export_bundle(lora_stage, bundle, "served", "1.0", compare=False)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return tmp_path_factory.mktemp("served") / "bundle"


@pytest.fixture(scope="module")
def stack(manifest, bundle):
    plan = StackPlan(bundle, logs=bundle.parent / "logs", frames_root=BUILT_IN_DRIVE)
    with local_stack(plan) as running:
        yield running


def test_both_services_answer_with_an_exported_bundle(stack, manifest):
    request = {
        "scene": {"kind": "server_frame", "path": "000"},
        "proposal": {"waypoints_ego_m": [[4.5 * k, 0.05 * k] for k in range(1, 7)]},
        "ego_state": {"speed_mps": 9.0},
    }
    with httpx.Client(base_url=stack.rest_url, timeout=60.0) as rest:
        answer = rest.post("/v1/trajectories/correct", json=request).raise_for_status().json()
    assert answer["model"] == {
        "name": "served",
        "version": "1.0",
        "trained": True,
        "contract_id": manifest.contract_id,
    }
    assert answer["status"] in ("corrected", "kept_proposal")
    assert np.isfinite(answer["waypoints_ego_m"]).all()
    assert np.shape(answer["waypoints_ego_m"]) == (6, 2)
    assert answer["explanation"]["finish"] in ("stop", "length")


def test_a_chat_with_a_running_service(stack):
    shown = io.StringIO()
    terminal = Terminal(Console(file=shown, width=120), io.StringIO("ctra\nkeep left\n1,0 2,0\nq\n"))
    with remote_answerer(stack.rest_url) as answerer:
        converse(scene_of_frame(BUILT_IN_DRIVE / "000", answerer.horizon, "straight"), answerer, terminal)
    text = shown.getvalue()
    assert "served 1.0" in text
    assert "untrained" not in text
    assert "corrected" in text or "kept_proposal" in text
    assert "A running service takes no questions" in text
    assert "proposal: expected 6 waypoints" in text


def test_a_service_that_is_not_there_is_an_error_with_its_address():
    with pytest.raises(AnswerFailed, match=r"127\.0\.0\.1:9"), remote_answerer("http://127.0.0.1:9"):
        pass
