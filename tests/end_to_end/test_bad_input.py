"""Bad input gets a problem document that names the field, and the next good request is answered."""

import json

import numpy as np
import pytest

from tests.end_to_end.conftest import MAX_SESSIONS
from tests.end_to_end.requests import CORRECT, correction, frame_parts, inline_parts


@pytest.fixture(autouse=True)
def still_serving(rest):
    """After every test of this file, a good request is answered."""
    yield
    assert rest.post(CORRECT, json=correction()).status_code == 200


def assert_problem(answer, status, field, kind="invalid-field"):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"] == f"urn:waymend:problem:{kind}"
    assert "Traceback" not in answer.text
    first = problem["errors"][0]
    assert first["field"] == field
    assert first["expected"]
    assert first["given"] is not None
    return first


def changed_proposal(**changes):
    proposal = correction()["proposal"]
    return {**proposal, **changes}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"proposal": changed_proposal(waypoints_ego_m=[[1.0, 0.0]] * 5)}, "proposal.waypoints_ego_m"),
        ({"proposal": changed_proposal(waypoints_ego_m=[[1.0, 0.0]] * 7)}, "proposal.waypoints_ego_m"),
        ({"proposal": changed_proposal(waypoints_ego_m=[[1e6, 0.0]] * 6)}, "proposal.waypoints_ego_m"),
        ({"proposal": changed_proposal(waypoints_ego_m=[[1.0, 0.0, 0.0]] * 6)}, "proposal.waypoints_ego_m.0"),
        ({"proposal": changed_proposal(waypoints_ego_m="straight on")}, "proposal.waypoints_ego_m"),
        ({"proposal": changed_proposal(step_s=0.1)}, "proposal.step_s"),
        ({"ego_state": {"speed_mps": 1e9}}, "ego_state.speed_mps"),
        ({"ego_state": {"speed": 9.0}}, "ego_state.speed_mps"),
        ({"command": "reverse"}, "command"),
        ({"instruction": "slow down " * 300}, "instruction"),
        ({"instruction": "x" * 5000}, "instruction"),
        ({"deadline_ms": 0}, "deadline_ms"),
        ({"deadline_ms": 10**9}, "deadline_ms"),
        ({"surprise": 1}, "surprise"),
        ({"scene": {"kind": "inline"}}, "scene.kind"),
        ({"scene": {"kind": "radio"}}, "scene"),
        ({"scene": {"kind": "session", "session_id": "a/b"}}, "scene.session.session_id"),
        ({"scene": {"kind": "server_frame", "path": "no-such-frame"}}, "frame.json"),
    ],
)
def test_a_wrong_field_is_named(rest, changes, field):
    assert_problem(rest.post(CORRECT, json=correction(**changes)), 422, field)


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_not_finite(rest, bad):
    text = json.dumps(correction()).replace("4.5", bad, 1)
    headers = {"content-type": "application/json"}
    assert_problem(rest.post(CORRECT, content=text, headers=headers), 422, "proposal.waypoints_ego_m.0.0")


@pytest.mark.parametrize("text", ["{", "[]", "", "null", "\xff"])
def test_bodies_that_are_no_request(rest, text):
    answer = rest.post(CORRECT, content=text.encode("latin-1"), headers={"content-type": "application/json"})
    assert_problem(answer, 422, "request")


def test_another_content_type(rest):
    answer = rest.post(CORRECT, content="hello", headers={"content-type": "text/plain"})
    assert_problem(answer, 415, "headers.content-type", "unsupported-media-type")


def test_a_body_that_is_too_large(rest):
    answer = rest.post(CORRECT, content=b"x" * (17 << 20), headers={"content-type": "application/json"})
    assert_problem(answer, 413, "body", "body-too-large")


def test_a_body_that_is_too_large_and_does_not_say_so(rest):
    blocks = (b"x" * (1 << 20) for _ in range(17))
    answer = rest.post(CORRECT, content=blocks, headers={"content-type": "application/json"})
    assert_problem(answer, 413, "body", "body-too-large")


@pytest.mark.parametrize("path", ["\u0000", "x" * 600])
def test_a_path_that_no_file_system_takes(rest, path):
    request = correction({"kind": "server_frame", "path": path})
    assert_problem(rest.post(CORRECT, json=request), 422, "scene.path", "invalid-field")


def test_a_body_for_a_session_that_is_too_large_and_does_not_say_so(rest):
    blocks = (b"x" * (1 << 20) for _ in range(17))
    answer = rest.post("/v1/sessions", content=blocks, headers={"content-type": "application/json"})
    assert_problem(answer, 413, "body", "body-too-large")


@pytest.mark.parametrize("path", ["..", "../../etc", "/etc", "000/../../drive/../.."])
def test_a_path_outside_the_allowed_root(rest, path):
    request = correction({"kind": "server_frame", "path": path})
    assert_problem(rest.post(CORRECT, json=request), 403, "scene.path", "path-outside-root")


def test_an_unknown_session(rest):
    request = correction({"kind": "session", "session_id": "nobody"})
    assert_problem(rest.post(CORRECT, json=request), 404, "session_id", "unknown-session")
    assert_problem(rest.get("/v1/sessions/nobody"), 404, "session_id", "unknown-session")
    assert_problem(rest.delete("/v1/sessions/nobody"), 404, "session_id", "unknown-session")


def test_a_session_without_an_embedding_and_one_whose_embedding_is_stale(rest, drive):
    rest.post("/v1/sessions", json={"session_id": "stale"}).raise_for_status()
    request = correction({"kind": "session", "session_id": "stale"})
    wrong = assert_problem(rest.post(CORRECT, json=request), 409, "scene.session_id", "stale-embedding")
    assert wrong["given"] == "none yet"
    rest.post("/v1/sessions/stale/frames", files=frame_parts(drive[0])).raise_for_status()
    assert rest.post(CORRECT, json=request).status_code == 200
    wait_until_older_than(rest, "stale", 3000.0)
    wrong = assert_problem(rest.post(CORRECT, json=request), 409, "scene.session_id", "stale-embedding")
    assert wrong["given"].endswith(" ms")
    rest.delete("/v1/sessions/stale")


def wait_until_older_than(rest, session_id, age_ms):
    while rest.get(f"/v1/sessions/{session_id}").json()["newest"]["embedding_age_ms"] <= age_ms:
        pass


def test_a_taken_session_name_and_too_many_sessions(rest):
    names = [f"crowd-{number}" for number in range(MAX_SESSIONS)]
    for name in names:
        assert rest.post("/v1/sessions", json={"session_id": name}).status_code == 201
    assert_problem(rest.post("/v1/sessions", json={"session_id": names[0]}), 409, "session_id", "session-exists")
    refused = rest.post("/v1/sessions", json={})
    assert refused.status_code == 429
    assert refused.headers["retry-after"]
    for name in names:
        rest.delete(f"/v1/sessions/{name}")
    assert rest.post("/v1/sessions", json={"session_id": "after"}).status_code == 201
    rest.delete("/v1/sessions/after")


def test_five_cameras(rest, drive):
    parts = inline_parts(drive[0])
    del parts["CAM_BACK"]
    assert_problem(rest.post(CORRECT, files=parts), 422, "frame.cameras.CAM_BACK")


def test_five_cameras_in_the_description(rest, drive):
    wrong = spoilt_frame(drive[0], lambda frame: frame["cameras"].pop("CAM_BACK"))
    assert_problem(rest.post(CORRECT, files=wrong), 422, "frame.cameras")


def test_a_truncated_jpeg(rest, drive):
    parts = inline_parts(drive[0])
    name, jpeg, media_type = parts["CAM_FRONT"]
    parts["CAM_FRONT"] = (name, jpeg[: len(jpeg) // 2], media_type)
    assert_problem(rest.post(CORRECT, files=parts), 422, "frame.cameras.CAM_FRONT.jpeg")


def test_a_file_that_is_no_jpeg(rest, drive):
    parts = inline_parts(drive[0])
    parts["CAM_FRONT"] = ("CAM_FRONT.jpg", b"GIF89a" + bytes(100), "image/jpeg")
    assert_problem(rest.post(CORRECT, files=parts), 422, "frame.cameras.CAM_FRONT.jpeg")


def test_a_truncated_lidar_file(rest, drive):
    parts = inline_parts(drive[0])
    parts["lidar"] = ("lidar.bin", drive[0].lidar[:-7], "application/octet-stream")
    assert_problem(rest.post(CORRECT, files=parts), 422, "frame.lidar")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_point_that_is_not_finite(rest, drive, bad):
    points = np.frombuffer(drive[0].lidar, np.float32).copy()
    points[7] = bad
    parts = inline_parts(drive[0])
    parts["lidar"] = ("lidar.bin", points.tobytes(), "application/octet-stream")
    assert_problem(rest.post(CORRECT, files=parts), 422, "frame.lidar.points")


def test_a_singular_calibration(rest, drive):
    wrong = spoilt_frame(drive[0], lambda frame: frame["cameras"]["CAM_BACK"].update(intrinsic=[[0.0] * 3] * 3))
    assert_problem(rest.post(CORRECT, files=wrong), 422, "frame.cameras.CAM_BACK.intrinsic")


def test_a_rotation_that_is_none(rest, drive):
    def spoil(frame):
        frame["lidar"]["ego_from_lidar"]["rotation_wxyz"] = [0.0, 0.0, 0.0, 0.0]

    first = assert_problem(
        rest.post(CORRECT, files=spoilt_frame(drive[0], spoil)), 422, "frame.lidar.ego_from_lidar.rotation"
    )
    assert "unit length" in first["expected"]


def test_an_agent_of_an_unknown_class(rest, drive):
    wrong = spoilt_frame(drive[0], lambda frame: frame["agents"][0].update(object_class="unicorn"))
    assert_problem(rest.post(CORRECT, files=wrong), 422, "frame.agents.0.object_class")


def test_a_file_name_that_leads_elsewhere(rest, drive):
    wrong = spoilt_frame(drive[0], lambda frame: frame["lidar"].update(file="../lidar.bin"))
    assert_problem(rest.post(CORRECT, files=wrong), 422, "frame.lidar.file")


def test_a_part_that_does_not_belong(rest, drive):
    parts = {**inline_parts(drive[0]), "radar": ("radar.bin", b"", "application/octet-stream")}
    assert_problem(rest.post(CORRECT, files=parts), 422, "radar")


def test_two_scenes_at_once(rest, drive):
    parts = inline_parts(drive[0])
    parts["request"] = (None, json.dumps(correction()), "application/json")
    assert_problem(rest.post(CORRECT, files=parts), 422, "scene.kind")


def spoilt_frame(frame, spoil):
    description = json.loads(frame.description.model_dump_json())
    spoil(description)
    return {**inline_parts(frame), "frame": ("frame.json", json.dumps(description), "application/json")}
