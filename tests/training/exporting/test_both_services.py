"""Both services run on an exported bundle and correct, over REST, as the trained corrector does."""

import httpx
import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from demo.built_in_drive import drive_frames
from tests.end_to_end.requests import CORRECT, inline_parts
from tests.training.exporting.live_batch import COMMAND, PROPOSAL_M, live_batch
from training.chatting.commands import chat
from training.exporting.comparison import TOLERANCE_M, trained_corrector
from training.serving.stack import StackPlan, local_stack
from waymend.frames import read_frame_directory


@pytest.fixture(scope="module")
def stack(merged, tmp_path_factory):
    with local_stack(StackPlan(merged, tmp_path_factory.mktemp("logs"))) as running:
        yield running


def test_a_frame_is_corrected_as_the_trained_corrector_does(stack, lora_stage, tokenizer):
    frame = read_frame_directory(drive_frames()[0])
    proposal = {"waypoints_ego_m": PROPOSAL_M.tolist(), "step_s": 0.5}
    parts = inline_parts(frame, explain=True, command=COMMAND, proposal=proposal)
    with httpx.Client(base_url=stack.rest_url, timeout=60.0) as rest:
        answer = rest.post(CORRECT, files=parts).json()
    assert answer["model"] | {"trained": True, "name": "mine", "version": "1.0"} == answer["model"]
    assert answer["status"] == "corrected", answer["reason"]
    trained = trained_corrector(lora_stage)
    with torch.inference_mode():
        offset_m, scale_m = trained.predict(live_batch(frame, trained, tokenizer))
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
