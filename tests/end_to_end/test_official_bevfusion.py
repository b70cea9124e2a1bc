"""The official BEVFusion, from a checkpoint to answers over gRPC: each command as a user gives it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pytest
import torch

from perception_service.client import PerceptionClient
from perception_service.models.official_preset import OFFICIAL
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import preset
from tests.end_to_end.conftest import BUNDLE
from tests.end_to_end.test_real_frame import REAL_FRAME
from tests.perception_service.small_frame import small_frame
from training.serving.stack import free_port
from waymend.frames import read_frame_directory
from waymend.perception.v1 import frame_pb2

START_LIMIT_S, ENCODE_LIMIT_S = 240.0, 120.0
PROPOSALS = 200


def run(*command: object) -> None:
    subprocess.run([sys.executable, "-m", *map(str, command)], check=True)


def wait_for(ready: Callable[[], bool], process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not ready():
        assert process.poll() is None, "the server ended"
        assert time.monotonic() < deadline, "the server is not ready in time"
        time.sleep(0.25)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A checkpoint of the official model with random weights, converted and put into a bundle."""
    directory = tmp_path_factory.mktemp("official")
    torch.manual_seed(0)
    model = PerceptionModel.from_config(preset(OFFICIAL)).bevfusion
    torch.save({"meta": {}, "state_dict": model.state_dict()}, directory / "official.pth")
    del model
    checkpoint, perception, out = (directory / name for name in ("official.pth", "perception", "bundle"))
    run("perception_service", "convert", "--config", OFFICIAL, "--checkpoint", checkpoint, "--out", perception)
    run("training", "replace-perception", "--bundle", BUNDLE, "--perception", perception, "--out", out)
    return out


@pytest.fixture(scope="module")
def client(bundle):
    port = free_port()
    command = [sys.executable, "-m", "perception_service", "serve", "--bundle", str(bundle), "--port", str(port)]
    with subprocess.Popen(command, env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}) as process:
        try:
            with PerceptionClient(f"127.0.0.1:{port}") as client:
                wait_for(client.is_serving, process)
                yield client
        finally:
            process.terminate()


def assert_encodes(client: PerceptionClient, frame: frame_pb2.SensorFrame) -> None:
    embedding = client.encode(frame, timeout_s=ENCODE_LIMIT_S)
    assert embedding.image_tokens.shape == (96, 256)
    assert embedding.bev_tokens.shape == (64, 256)
    for tokens in (embedding.image_tokens, embedding.bev_tokens, embedding.vector_tokens):
        assert np.isfinite(tokens).all()
    assert 0 < len(embedding.detections) <= PROPOSALS
    scores = [box.score for box in embedding.detections]
    assert scores == sorted(scores, reverse=True)


def test_a_converted_checkpoint_serves_frames(client):
    assert_encodes(client, small_frame())


@pytest.mark.skipif(not REAL_FRAME.is_dir(), reason="the real frame is not here")
def test_a_converted_checkpoint_serves_the_real_frame_with_merged_sweeps(client, tmp_path):
    (info,) = REAL_FRAME.glob("*.pkl")
    out = tmp_path / "frame"
    run("perception_service", "convert-mmdet3d", info, "--images-dir", REAL_FRAME, "--sweeps", "10", "--out", out)
    assert_encodes(client, read_frame_directory(out).message())
