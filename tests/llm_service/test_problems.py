"""Errors of the parts become problem documents with a fitting status."""

import pytest

from llm_service.engine import EngineUnavailable
from llm_service.rest.problems import problem_from
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
