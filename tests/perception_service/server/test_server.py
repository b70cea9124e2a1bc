"""Health, reflection, model info, metrics, limits of messages, and stopping."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from pydantic import ValidationError

from perception_service.client import PerceptionClient, PerceptionError, PerceptionUnavailable
from perception_service.limits import FrameLimits
from perception_service.server.server import SERVICE_NAME
from perception_service.settings import PerceptionSettings
from tests.perception_service.serving import RunningServer, StartServer
from tests.perception_service.small_frame import small_frame
from waymend.perception.v1 import perception_pb2, perception_pb2_grpc
from waymend.vocabulary import OBJECT_CLASSES


@pytest.mark.parametrize("service", ["", SERVICE_NAME])
def test_health_says_serving(server: RunningServer, service: str) -> None:
    with grpc.insecure_channel(server.address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_the_clients_health_check_agrees(client: PerceptionClient) -> None:
    assert client.is_serving(timeout_s=10)
    with PerceptionClient("127.0.0.1:1") as nobody:
        assert not nobody.is_serving(timeout_s=2)


def test_reflection_lists_the_service_and_its_messages(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert SERVICE_NAME in database.get_services()
        described = database.FindFileContainingSymbol("waymend.perception.v1.SensorFrame")
    assert described.name == "waymend/perception/v1/frame.proto"


def test_model_info_describes_the_bundle(client: PerceptionClient, server: RunningServer) -> None:
    info = client.model_info(timeout_s=10)
    assert (info.bundle_name, info.bundle_version, info.trained) == ("test", "1", False)
    assert info.contract_id == server.contract_id
    assert {name: (s.max_tokens, s.width) for name, s in info.token_sets.items()} == {
        "image": (96, 256),
        "bev": (64, 256),
        "vector": (128, 256),
    }
    assert info.detection_classes == OBJECT_CLASSES
    assert (info.device, info.max_lidar_points) == ("cpu", 400_000)


def test_a_message_above_the_limit_is_refused_and_the_server_goes_on(
    server: RunningServer, client: PerceptionClient
) -> None:
    frame = small_frame()
    frame.cameras[0].jpeg = bytes(FrameLimits().message_bytes)
    with grpc.insecure_channel(server.address, [("grpc.max_send_message_length", -1)]) as channel:
        stub = perception_pb2_grpc.PerceptionServiceStub(channel)
        with pytest.raises(grpc.RpcError) as refusal:
            stub.Encode(perception_pb2.EncodeRequest(frame=frame), timeout=20)
    assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert client.encode(small_frame(), timeout_s=60).frame_id == "frame-0"


def test_bytes_that_are_no_message_do_not_harm_the_server(server: RunningServer, client: PerceptionClient) -> None:
    with grpc.insecure_channel(server.address) as channel:
        call = channel.unary_unary(f"/{SERVICE_NAME}/Encode")
        with pytest.raises(grpc.RpcError):
            call(b"\xff\xff\xff\xff", timeout=10)
    assert client.encode(small_frame(), timeout_s=60).frame_id == "frame-0"


def test_stopping_lets_a_running_frame_finish_and_ends_followers(start_server: StartServer) -> None:
    with start_server(stop_grace_s=20.0) as server, PerceptionClient(server.address) as client:
        client.encode(small_frame(), timeout_s=60, session_id="drive")
        follower = client.subscribe("drive", timeout_s=60)
        next(follower)
        assert server.pipeline.entered.acquire(timeout=5)
        server.pipeline.gate.clear()
        answers: list[str] = []
        caller = threading.Thread(target=lambda: answers.append(client.encode(small_frame("last"), 60).frame_id))
        caller.start()
        assert server.pipeline.entered.acquire(timeout=20)
        stopped = server.stop_soon()
        with pytest.raises(PerceptionUnavailable):
            next(follower)
        server.pipeline.gate.set()
        caller.join(20)
        stopped.result(20)
        assert answers == ["last"]


def test_stopping_ends_a_stream_after_its_last_frame(start_server: StartServer) -> None:
    forever = threading.Event()

    def frames():
        yield small_frame("only")
        forever.wait(30)

    with start_server(stop_grace_s=20.0) as server, PerceptionClient(server.address) as client:
        outcomes = client.stream_encode("drive", frames(), timeout_s=60)
        assert next(outcomes).embedding is not None
        started_s = time.monotonic()
        stopped = server.stop_soon()
        with pytest.raises(PerceptionUnavailable):
            next(outcomes)
        forever.set()
        stopped.result(20)
        assert time.monotonic() - started_s < 10


def test_metrics_count_calls_and_time_stages(start_server: StartServer) -> None:
    with start_server() as server, PerceptionClient(server.address) as client:
        client.encode(small_frame(), timeout_s=60)
        with pytest.raises(ValueError, match="timestamp"):
            client.encode(small_frame(timestamp_us=0), timeout_s=60)
        stop = server.server.metrics.expose("127.0.0.1", port := _free_port())
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
        stop()
    assert 'waymend_perception_calls_total{code="OK",method="Encode"} 1.0' in page
    assert 'waymend_perception_calls_total{code="INVALID_ARGUMENT",method="Encode"} 1.0' in page
    assert 'waymend_perception_stage_seconds_count{stage="bevfusion"} 1.0' in page


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _serve(bundle_dir: Path, **variables: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "WAYMEND_PERCEPTION_BUNDLE_DIR": str(bundle_dir),
        "WAYMEND_PERCEPTION_PORT": "0",
        "WAYMEND_PERCEPTION_LOG_FORMAT": "json",
        **{f"WAYMEND_PERCEPTION_{name}": value for name, value in variables.items()},
    }
    command = [sys.executable, "-m", "perception_service", "serve"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def _wait_for(process: subprocess.Popen[str], event: str) -> dict[str, object]:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("{") and (entry := json.loads(line))["event"] == event:
            return entry
    pytest.fail(f"the server ended before {event}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_asked_to_stop(bundle_dir: Path, number: signal.Signals) -> None:
    process = _serve(bundle_dir)
    try:
        port = _wait_for(process, "listening")["port"]
        with PerceptionClient(f"127.0.0.1:{port}") as client:
            assert not client.is_serving()
            with pytest.raises(PerceptionError, match="not loaded"):
                client.encode(small_frame(), timeout_s=0.0001 + 5)
            _wait_for(process, "serving")
            assert client.is_serving()
            assert client.encode(small_frame(), timeout_s=60).frame_id == "frame-0"
        process.send_signal(number)
        _, rest = process.communicate(timeout=30)
        assert process.returncode == 0, rest
        assert re.search(r'"event": "stopped"', rest)
    finally:
        process.kill()
        process.communicate()


def test_the_command_refuses_an_altered_bundle(bundle_dir: Path, tmp_path: Path) -> None:
    import shutil

    altered = shutil.copytree(bundle_dir, tmp_path / "bundle")
    config = altered / "perception" / "config.json"
    config.write_text(config.read_text().replace("0.3", "0.4"))
    process = _serve(altered)
    _, log = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "config.json" in log
    assert "altered" in log
    assert "Traceback" not in log


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(ValidationError, match="tls_key"):
        PerceptionSettings(tls_certificate=Path("server.pem"))


def test_importing_the_server_leaves_torch_alone_so_that_it_listens_at_once() -> None:
    script = "import sys, perception_service.server.server; assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
