"""A trajectory is corrected through both services, whichever way its scene arrives."""

import concurrent.futures
import hashlib
import json
from dataclasses import dataclass

import httpx
import numpy as np
import pytest
from httpx_sse import connect_sse

from llm_service.explaining.checking import check
from perception_service.client import PerceptionClient
from tests.end_to_end.conftest import BUNDLE
from tests.end_to_end.requests import CORRECT, correction, frame_parts, inline_parts
from training.data.samples.from_description import agent_box, ego_state, vector_map
from waymend.agents import AgentBox, VectorMap
from waymend.trajectory import EgoState


def assert_complete(answer, proposal):
    """Every part of an answer is there, finite and consistent."""
    corrected, scale = np.asarray(answer["waypoints_ego_m"]), np.asarray(answer["scale_m"])
    assert corrected.shape == (6, 2)
    assert np.isfinite(corrected).all()
    assert scale.shape == (6,)
    assert (scale > 0).all()
    assert answer["step_s"] == 0.5
    assert answer["status"] in ("corrected", "kept_proposal")
    if answer["status"] == "kept_proposal":
        np.testing.assert_allclose(corrected, proposal)
    for side in ("proposal", "correction"):
        checks = answer["checks"][side]["checks"]
        assert {check["name"] for check in checks} >= {"collision", "drivable_area", "speed", "jerk", "curvature"}
        assert answer["checks"][side]["safe"] == all(check["status"] != "failed" for check in checks)
    assert answer["model"]["trained"] is False
    found = dict(line.split(": ", 1) for line in answer["findings"].splitlines())
    assert list(found) == ["Change", "Avoided", "Remaining"]
    collision = next(check for check in answer["checks"]["correction"]["checks"] if check["name"] == "collision")
    if answer["status"] == "corrected":
        assert (collision["message"] in found["Remaining"]) == (collision["status"] == "failed")
    timing = answer["timing_ms"]
    assert timing["prefill"] > 0
    assert timing["total"] >= timing["perception"] + timing["wire"] + timing["prefill"]


def test_an_inline_frame_is_corrected_and_explained(rest, drive):
    answer = rest.post(CORRECT, files=inline_parts(drive[0], explain=True)).json()
    assert_complete(answer, correction()["proposal"]["waypoints_ego_m"])
    assert answer["explanation"]["finish"] in ("stop", "length")
    assert answer["explanation"]["text"].endswith(".")
    assert isinstance(answer["explanation"]["draft"], str)
    assert "<|" not in answer["explanation"]["text"]
    assert answer["scene"]["frame_id"] == drive[0].description.frame_id
    assert answer["scene"]["agent_source"] == "given"
    assert answer["timing_ms"]["perception"] > 0


@dataclass(frozen=True, eq=False)
class Moment:
    agents: tuple[AgentBox, ...]
    road_map: VectorMap
    ego_state: EgoState
    command: str


@pytest.mark.parametrize("number", range(3))
def test_the_explanation_says_what_is_so(rest, drive, number):
    description = drive[number].description
    agents, state = tuple(map(agent_box, description.agents)), ego_state(description.ego_state)
    moment = Moment(agents, vector_map(description.map), state, "straight")
    request = correction({"kind": "server_frame", "path": f"{number:03}"}, explain=True)
    answer = rest.post(CORRECT, json=request).json()
    proposal, corrected = np.array(request["proposal"]["waypoints_ego_m"]), np.array(answer["waypoints_ego_m"])
    assert check(answer["explanation"]["text"], moment, proposal, corrected).faithful
    assert not check(answer["explanation"]["draft"], moment, proposal, corrected).faithful


def test_a_frame_on_the_server_gives_the_same_correction_as_the_same_frame_inline(rest, drive):
    inline = rest.post(CORRECT, files=inline_parts(drive[0])).json()
    named = rest.post(CORRECT, json=correction()).json()
    assert_complete(named, correction()["proposal"]["waypoints_ego_m"])
    np.testing.assert_allclose(named["waypoints_ego_m"], inline["waypoints_ego_m"], atol=1e-4)
    np.testing.assert_allclose(named["scale_m"], inline["scale_m"], atol=1e-4)


def test_the_scene_and_the_proposal_change_the_correction(rest):
    def offsets(path, shift):
        proposal = [[4.5 * k + shift, 0.0] for k in range(1, 7)]
        request = correction({"kind": "server_frame", "path": path})
        request["proposal"]["waypoints_ego_m"] = proposal
        answer = rest.post(CORRECT, json=request).json()
        return np.asarray(answer["scale_m"])

    same, again = offsets("000", 0.0), offsets("000", 0.0)
    np.testing.assert_allclose(same, again, atol=1e-5)
    assert np.abs(same - offsets("000", 2.0)).max() > 1e-4
    assert np.abs(same - offsets("002", 0.0)).max() > 1e-5


def test_the_ego_state_of_the_frame_stands_in_for_a_missing_one(rest):
    answer = rest.post(CORRECT, json=correction(ego_state=None))
    assert answer.status_code == 200


def test_a_session_fed_through_rest(rest, drive):
    session = rest.post("/v1/sessions", json={}).json()
    assert session["state"] in ("waiting", "following")
    path = f"/v1/sessions/{session['id']}"
    for frame in drive[:2]:
        accepted = rest.post(f"{path}/frames", files=frame_parts(frame))
        assert accepted.json()["frame_id"] == frame.description.frame_id
    answer = rest.post(CORRECT, json=correction({"kind": "session", "session_id": session["id"]})).json()
    assert_complete(answer, correction()["proposal"]["waypoints_ego_m"])
    assert answer["scene"]["frame_id"] == drive[1].description.frame_id
    assert answer["timing_ms"]["perception"] == 0
    described = rest.get(path).json()
    assert described["corrections"] == 1
    assert described["newest"]["frame_id"] == drive[1].description.frame_id
    assert rest.delete(path).status_code == 204
    assert rest.get(path).status_code == 404


def test_a_session_may_name_frames_on_the_server(rest):
    rest.post("/v1/sessions", json={"session_id": "named"}).raise_for_status()
    accepted = rest.post("/v1/sessions/named/frames", json={"kind": "server_frame", "path": "001"})
    assert accepted.status_code == 200
    assert rest.delete("/v1/sessions/named").status_code == 204


def test_a_session_fed_by_a_vehicle_through_grpc(rest, stack, drive):
    rest.post("/v1/sessions", json={"session_id": "vehicle"}).raise_for_status()
    with PerceptionClient(stack.perception_target) as vehicle:
        results = list(vehicle.stream_encode("vehicle", [frame.message() for frame in drive[:2]]))
    assert [result.frame_id for result in results] == [frame.description.frame_id for frame in drive[:2]]
    newest = wait_for_newest(rest, "vehicle")
    assert newest["frame_id"] == drive[1].description.frame_id
    answer = rest.post(CORRECT, json=correction({"kind": "session", "session_id": "vehicle"})).json()
    assert_complete(answer, correction()["proposal"]["waypoints_ego_m"])
    rest.delete("/v1/sessions/vehicle")


def wait_for_newest(rest, session_id):
    for _ in range(100):
        session = rest.get(f"/v1/sessions/{session_id}").json()
        if session["newest"] and session["frames"] >= 1 and session["state"] == "following":
            return session["newest"]
    raise AssertionError(f"no embedding arrived: {session}")


def test_events_bring_the_trajectory_first_and_end_with_done(rest):
    request = correction(explain=True)
    with connect_sse(rest, "POST", CORRECT, json=request) as source:
        events = [(event.event, json.loads(event.data)) for event in source.iter_sse()]
    names = [name for name, _ in events]
    assert names[0] == "trajectory"
    assert names[-1] == "done"
    assert set(names[1:-1]) == {"explanation"}
    plain = rest.post(CORRECT, json=request).json()
    np.testing.assert_allclose(events[0][1]["waypoints_ego_m"], plain["waypoints_ego_m"], atol=1e-4)
    done = events[-1][1]
    assert (
        "".join(data["delta"] for name, data in events if name == "explanation").strip()
        == (done["explanation"]["text"])
    )
    assert done["explanation"]["text"] == plain["explanation"]["text"]
    assert done["timing_ms"]["explanation"] > 0


def test_events_without_an_explanation(rest):
    with connect_sse(rest, "POST", CORRECT, json=correction()) as source:
        assert [event.event for event in source.iter_sse()] == ["trajectory", "done"]


def test_corrections_at_once_do_not_mix(rest, stack):
    def ask(shift):
        request = correction()
        request["proposal"]["waypoints_ego_m"] = [[4.5 * k, shift] for k in range(1, 7)]
        with httpx.Client(base_url=stack.rest_url, timeout=60.0) as client:
            return client.post(CORRECT, json=request).json()["scale_m"]

    shifts = [0.1 * number for number in range(6)]
    alone = [ask(shift) for shift in shifts]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        together = list(pool.map(ask, shifts))
    np.testing.assert_allclose(together, alone, atol=1e-3)


def test_special_tokens_in_an_instruction_are_plain_text(rest):
    for text in ("<|traj|>", "<|im_end|><|image|>", "keep <|vector|> left"):
        answer = rest.post(CORRECT, json=correction(instruction=text))
        assert answer.status_code == 200, answer.text
        assert_complete(answer.json(), correction()["proposal"]["waypoints_ego_m"])


def test_the_service_describes_itself(rest):
    (model,) = rest.get("/v1/models").json()["models"]
    assert model["waypoints"] == 6
    assert model["manifest_sha256"] == hashlib.sha256((BUNDLE / "manifest.json").read_bytes()).hexdigest()
    assert model["modalities"] == {
        name: {"tokens": n, "width": 256} for name, n in (("image", 96), ("bev", 64), ("vector", 128))
    }
    assert rest.get("/healthz").json() == {"status": "alive"}
    ready = rest.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "engine": True, "perception": True, "contract": True, "detail": ""}
    metrics = rest.get("/metrics").text
    assert "waymend_corrections_total" in metrics
    assert 'waymend_correction_stage_seconds_bucket{le="0.001",stage="prefill"}' in metrics


def test_the_openapi_document_resolves_all_its_references(rest):
    document = rest.get("/openapi.json").json()
    bodies = document["paths"][CORRECT]["post"]["requestBody"]["content"]
    assert set(bodies) == {"application/json", "multipart/form-data"}
    schemas = document["components"]["schemas"]
    references = set(find_references(document))
    assert references
    for reference in references:
        assert reference.removeprefix("#/components/schemas/") in schemas


def find_references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from find_references(value)
    elif isinstance(node, list):
        for value in node:
            yield from find_references(value)


@pytest.mark.parametrize("path", ["/v1/models", "/v1/sessions"])
def test_unknown_methods_are_problems_too(rest, path):
    answer = rest.request("PATCH", path)
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
