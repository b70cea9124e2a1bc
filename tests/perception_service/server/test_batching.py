"""Frames of several callers are encoded together, and a bad one does not spoil the others."""

import threading
import time

import numpy as np

from perception_service.client import PerceptionClient, PerceptionError
from tests.perception_service.serving import StartServer
from tests.perception_service.small_frame import small_frame


def encode_at_once(server, names: list[str]) -> dict[str, object]:
    """Holds up a first frame until the others have been decoded; what each caller got, by name."""
    answers: dict[str, object] = {}

    def call(name: str) -> None:
        with PerceptionClient(server.address) as client:
            try:
                answers[name] = client.encode(small_frame(name), timeout_s=60)
            except PerceptionError as error:
                answers[name] = error

    server.pipeline.gate.clear()
    callers = [threading.Thread(target=call, args=(name,)) for name in ("held-up", *names)]
    callers[0].start()
    assert server.pipeline.entered.acquire(timeout=20)
    for caller in callers[1:]:
        caller.start()
    time.sleep(1.0)
    server.pipeline.gate.set()
    for caller in callers:
        caller.join(60)
    return answers


def test_frames_that_wait_are_encoded_together_and_equal_those_encoded_alone(start_server: StartServer) -> None:
    with start_server(batch_size=3) as server, PerceptionClient(server.address) as client:
        answers = encode_at_once(server, ["a", "b", "c"])
        assert server.pipeline.batch_sizes == [1, 3]
        alone = client.encode(small_frame("a"), timeout_s=60)
        together = answers["a"]
        for name in ("image_tokens", "bev_tokens", "vector_tokens"):
            np.testing.assert_allclose(getattr(together, name), getattr(alone, name), atol=2e-2)


def test_a_frame_that_breaks_the_model_fails_alone(start_server: StartServer) -> None:
    with start_server(batch_size=3) as server:
        answers = encode_at_once(server, ["good", "breaks", "fine"])
        assert isinstance(answers["breaks"], PerceptionError)
        assert "secret" not in str(answers["breaks"])
        assert {answers[name].frame_id for name in ("held-up", "good", "fine")} == {"held-up", "good", "fine"}


def test_a_server_may_accept_frames_that_lack_a_camera(start_server: StartServer) -> None:
    frame = small_frame("five")
    del frame.cameras[0]
    with start_server(min_cameras=5) as server, PerceptionClient(server.address) as client:
        assert client.encode(frame, timeout_s=60).image_tokens.shape == (80, 256)
