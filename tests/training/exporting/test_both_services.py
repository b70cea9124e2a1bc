"""Both services run on an exported bundle and correct, over REST, as the trained corrector does."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import httpx
import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from demo.built_in_drive import drive_frames
from demo.stack import StackPlan, local_stack
from llm_service.modeling.plan_features import plan_features
from llm_service.prompt import PromptBuilder, expand_placeholders
from perception_service.limits import FrameLimits
from perception_service.models.tokens.vector_inputs import vector_inputs
from perception_service.preprocessing import bevfusion_inputs
from perception_service.wire.decode import decode_frame
from tests.end_to_end.requests import CORRECT, correction, inline_parts
from training.chatting.commands import chat
from training.exporting.comparison import TOLERANCE_M, trained_corrector
from training.loading.vectors import token_count
from waymend.frames import read_frame_directory
from waymend.trajectory import EgoState

PROPOSAL_M = np.array([[4.5 * k, -1.5 * k] for k in range(1, 7)])
"""Leaves the road, so that no correction by the little that was trained is worse."""
EGO_STATE = EgoState(**correction()["ego_state"])


@pytest.fixture(scope="module")
def stack(merged, tmp_path_factory):
    with local_stack(StackPlan(merged, tmp_path_factory.mktemp("logs"))) as running:
        yield running


def test_a_frame_is_corrected_as_the_trained_corrector_does(stack, lora_stage, tokenizer):
    frame = read_frame_directory(drive_frames()[0])
    proposal = {"waypoints_ego_m": PROPOSAL_M.tolist(), "step_s": 0.5}
    parts = inline_parts(frame, explain=True, command="left", proposal=proposal)
    with httpx.Client(base_url=stack.rest_url, timeout=60.0) as rest:
        answer = rest.post(CORRECT, files=parts).json()
    assert answer["model"] | {"trained": True, "name": "mine", "version": "1.0"} == answer["model"]
    assert answer["status"] == "corrected", answer["reason"]
    trained = trained_corrector(lora_stage)
    with torch.inference_mode():
        offset_m, scale_m = trained.predict(batch_of(frame, trained, tokenizer))
    np.testing.assert_allclose(answer["waypoints_ego_m"], PROPOSAL_M + offset_m[0].numpy(), rtol=0, atol=TOLERANCE_M)
    np.testing.assert_allclose(answer["scale_m"], scale_m[0], rtol=0, atol=TOLERANCE_M)
    assert offset_m.abs().max() > 10 * TOLERANCE_M
    assert answer["explanation"]["finish"] in ("stop", "length")


def test_a_chat_gets_its_answers_from_the_running_services(stack):
    app = typer.Typer()
    app.command()(chat)
    arguments = ["--url", stack.rest_url, "--frame", str(drive_frames()[0])]
    result = CliRunner().invoke(app, arguments, input="constant_velocity\nkeep your lane\nq\n")
    assert result.exit_code == 0, result.output
    assert "mine 1.0" in result.output
    assert "A running service takes no questions" in result.output
    assert any(status in result.output for status in ("corrected", "kept_proposal"))


def batch_of(frame, trained, tokenizer):
    """One sample with live sensors, from the frame as the service decodes it."""
    config = trained.perception.config
    with ThreadPoolExecutor(1) as decoder:
        scene = decode_frame(frame.message(), FrameLimits(), decoder)
    limits = config.tokens["vector"]
    vector = vector_inputs(
        EgoState(**frame.description.ego_state.model_dump()),
        scene.ego_history,
        scene.agents,
        scene.map.polylines,
        max_agents=limits["agents"],
        max_polylines=limits["polylines"],
    )
    counts = {"image": 96, "bev": 64, "vector": token_count(vector)}
    plan = plan_features(PROPOSAL_M, 0.5, EGO_STATE, "left")
    tokens = {name: torch.zeros(count, 256) for name, count in counts.items()}
    prompt = PromptBuilder(tokenizer, trained.llm.config).correction(tokens, plan, "")
    ids = torch.tensor([expand_placeholders(prompt, trained.llm.config)])
    sensors = bevfusion_inputs(scene, config)
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "plan": torch.from_numpy(plan)[None],
        "modality_present": torch.ones(1, 3, dtype=torch.bool),
        "vector": {field.name: getattr(vector, field.name) for field in fields(vector)},
        "sensors": {field.name: getattr(sensors, field.name) for field in fields(sensors)},
    }
