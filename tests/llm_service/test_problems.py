"""Errors of the parts become problem documents with a fitting status."""

import json

import pytest
from fastapi import Request
from fastapi.exceptions import RequestValidationError

from llm_service.engine import EngineUnavailable
from llm_service.rest.problems import Problem, problem_from
from llm_service.rest.reading import read_correction
from llm_service.service import Overloaded
from perception_service import client as perception


@pytest.mark.parametrize(
    ("error", "status", "kind", "retry_after_s"),
    [
        (EngineUnavailable("the engine process died"), 503, "engine-unavailable", 10),
        (Overloaded(64), 503, "overloaded", 1),
        (perception.PerceptionUnavailable("away"), 503, "perception-unavailable", 1),
        (perception.Overloaded("queue is full"), 503, "perception-overloaded", 1),
        (perception.ContractMismatch("another"), 409, "foreign-contract", None),
        (perception.DeadlineExceeded("late"), 504, "deadline-exceeded", None),
        (TimeoutError(), 504, "deadline-exceeded", None),
    ],
)
def test_every_expected_error_has_a_status_of_its_own(error, status, kind, retry_after_s):
    problem = problem_from(error)
    assert (problem.status, problem.kind, problem.retry_after_s) == (status, kind, retry_after_s)


def test_an_unexpected_error_tells_nothing_of_its_inside():
    problem = problem_from(RuntimeError("secret detail"))
    assert problem.status == 500
    assert "secret" not in problem.detail
    assert "incident" in problem.detail


def test_a_client_that_went_away_has_a_status_although_http_names_none():
    document = Problem(499, "client-gone", "the client went away").document("/")
    assert (document.status, document.title) == (499, "Client Closed Request")


@pytest.mark.parametrize(("waypoints", "named"), [(50_000, 1), (90, 20)])
async def test_a_list_of_faults_is_refused_with_a_few_of_them(waypoints, named):
    body = json.dumps({"scene": {"kind": "inline"}, "proposal": {"waypoints_ego_m": [1] * waypoints}}).encode()

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}
    with pytest.raises(RequestValidationError) as refused:
        await read_correction(Request(scope, receive))
    assert len(refused.value.errors()) <= 100
    problem = problem_from(refused.value)
    assert problem.status == 422
    assert len(problem.errors) == named
    assert all(error.field.startswith("proposal.waypoints_ego_m") for error in problem.errors)
