"""An LLM service whose bundle is not perception's refuses every scene, says why, and stays up."""

import shutil
import subprocess
import sys
import time

import httpx
import pytest

from demo.built_in_drive import BUILT_IN_DRIVE
from tests.end_to_end.conftest import BUNDLE
from tests.end_to_end.requests import CORRECT, correction, frame_parts, inline_parts
from training.serving.stack import free_port
from waymend.bundle import open_bundle, write_manifest

START_LIMIT_S = 300.0
STOP_LIMIT_S = 60.0


@pytest.fixture(scope="module")
def perceptions_manifest():
    return open_bundle(BUNDLE, halves=()).manifest


@pytest.fixture(scope="module")
def foreign_bundle(tmp_path_factory, perceptions_manifest):
    """A copy whose perception differs by an empty line, and whose contract id differs with it."""
    directory = tmp_path_factory.mktemp("foreign") / "bundle"
    shutil.copytree(BUNDLE, directory)
    with (directory / "perception/config.json").open("a") as config:
        config.write("\n")
    write_manifest(
        directory,
        name="foreign",
        version="1",
        trained=False,
        base_model=perceptions_manifest.base_model,
        modalities=perceptions_manifest.contract.modalities,
        horizon=perceptions_manifest.contract.trajectory_horizon,
    )
    return open_bundle(directory)


@pytest.fixture(scope="module")
def foreign_rest(stack, foreign_bundle, tmp_path_factory):
    """A second llm_service, of the foreign bundle, that asks the perception_service of the stack."""
    port = free_port()
    command = [sys.executable, "-m", "llm_service", "serve", "--bundle", foreign_bundle.directory, "--port", str(port)]
    command += ["--perception", stack.perception_target, "--frames-root", BUILT_IN_DRIVE]
    log = tmp_path_factory.mktemp("logs") / "llm_service.log"
    with log.open("wb") as output:
        service = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60.0) as client:
            wait_until_it_listens(client, service, log)
            yield client
        service.terminate()
        assert service.wait(STOP_LIMIT_S) == 0
    finally:
        service.kill()


def wait_until_it_listens(client, service, log):
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and service.poll() is None:
        try:
            return client.get("/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture(autouse=True)
def both_stay_up(foreign_rest, rest):
    """After every test of this file, the service is alive, and perception still serves its own."""
    yield
    assert foreign_rest.get("/healthz").json() == {"status": "alive"}
    assert rest.post(CORRECT, json=correction()).status_code == 200


def test_it_is_not_ready_and_names_both_contract_ids(foreign_rest, foreign_bundle, perceptions_manifest):
    answer = foreign_rest.get("/readyz")
    assert answer.status_code == 503
    expected, given = foreign_bundle.manifest.contract_id, perceptions_manifest.contract_id
    assert expected != given
    assert answer.json() == {
        "ready": False,
        "engine": True,
        "perception": True,
        "contract": False,
        "detail": f"contract id: expected {expected}, perception has {given}",
    }


def assert_refused(answer, expected, given):
    assert answer.status_code == 409, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:waymend:problem:foreign-contract"
    assert f"contract id {expected} was expected, given {given}" in problem["detail"]


def test_a_frame_is_refused(foreign_rest, foreign_bundle, perceptions_manifest, drive):
    ids = foreign_bundle.manifest.contract_id, perceptions_manifest.contract_id
    assert_refused(foreign_rest.post(CORRECT, files=inline_parts(drive[0])), *ids)
    assert_refused(foreign_rest.post(CORRECT, json=correction()), *ids)


def test_a_session_gets_no_scene(foreign_rest, foreign_bundle, perceptions_manifest, drive):
    foreign_rest.post("/v1/sessions", json={"session_id": "foreign"}).raise_for_status()
    answer = foreign_rest.post("/v1/sessions/foreign/frames", files=frame_parts(drive[0]))
    assert_refused(answer, foreign_bundle.manifest.contract_id, perceptions_manifest.contract_id)
    wait_until_refused(foreign_rest, "foreign")
    request = correction({"kind": "session", "session_id": "foreign"})
    assert foreign_rest.post(CORRECT, json=request).json()["type"] == "urn:waymend:problem:stale-embedding"
    assert foreign_rest.delete("/v1/sessions/foreign").status_code == 204


def wait_until_refused(client, session_id):
    deadline = time.monotonic() + 30.0
    while (session := client.get(f"/v1/sessions/{session_id}").json())["state"] != "refused":
        assert time.monotonic() < deadline, session
        time.sleep(0.05)
