"""Errors as RFC 9457 problem documents (`application/problem+json`)."""

import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from llm_service.correction.received_scene import ForeignContract
from llm_service.correction.scene_sources import PathOutsideRoot, StaleEmbedding
from llm_service.engine import EngineUnavailable
from llm_service.service import Overloaded
from llm_service.sessions import SessionExists, TooManySessions, UnknownSession
from perception_service import client as perception
from waymend.errors import InvalidField

MEDIA_TYPE = "application/problem+json"
CLIENT_CLOSED_REQUEST = 499
_PHRASES = {CLIENT_CLOSED_REQUEST: "Client Closed Request"}
_FIELDS_NAMED = 20
_EXPECTED: tuple[type[Exception], ...] = (
    EngineUnavailable,
    ForeignContract,
    InvalidField,
    Overloaded,
    PathOutsideRoot,
    perception.PerceptionError,
    SessionExists,
    StaleEmbedding,
    TimeoutError,
    TooManySessions,
    UnknownSession,
)
log = structlog.get_logger(__name__)


class FieldProblem(BaseModel):
    """One wrong field: what was expected and what was given."""

    field: str
    expected: str
    given: str


class ProblemDocument(BaseModel):
    """An RFC 9457 problem document; `errors` names the wrong fields where there are any."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldProblem] = []


class Problem(HTTPException):
    """An error that the client is told about, with its HTTP status and a short kind such as `stale-embedding`."""

    def __init__(
        self, status: int, kind: str, detail: str, errors: Sequence[FieldProblem] = (), retry_after_s: int | None = None
    ) -> None:
        super().__init__(status, detail)
        self.status = status
        self.kind = kind
        self.errors = list(errors)
        self.retry_after_s = retry_after_s

    def document(self, instance: str) -> ProblemDocument:
        return ProblemDocument(
            type=f"urn:waymend:problem:{self.kind}",
            title=_PHRASES.get(self.status) or HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            instance=instance,
            errors=self.errors,
        )


def problem_from(error: Exception) -> Problem:
    """The problem that stands for an error; an unexpected one is logged under an id and says nothing of its inside."""
    match error:
        case Problem():
            return error
        case InvalidField():
            return Problem(422, "invalid-field", str(error), [_field_problem(error)])
        case RequestValidationError():
            fields = [invalid_field(details) for details in error.errors()[:_FIELDS_NAMED]]
            return Problem(422, "invalid-field", str(fields[0]), [_field_problem(field) for field in fields])
        case ForeignContract():
            wrong = FieldProblem(field="embedding.contract_id", expected=error.expected, given=error.given)
            return Problem(409, "foreign-contract", str(error), [wrong])
        case perception.ContractMismatch():
            return Problem(409, "foreign-contract", str(error))
        case StaleEmbedding():
            wrong = FieldProblem(field="scene.session_id", expected=error.expected, given=error.given)
            return Problem(409, "stale-embedding", str(error), [wrong])
        case UnknownSession():
            return _session_problem(404, "unknown-session", "the id of an open session", error)
        case SessionExists():
            return _session_problem(409, "session-exists", "an id that is not taken", error)
        case TooManySessions():
            return Problem(429, "too-many-sessions", f"at most {error} sessions can be open", retry_after_s=10)
        case PathOutsideRoot():
            wrong = FieldProblem(field="scene.path", expected="a path below the allowed root", given=str(error))
            return Problem(403, "path-outside-root", f"scene.path: {error}", [wrong])
        case EngineUnavailable():
            return Problem(503, "engine-unavailable", str(error), retry_after_s=10)
        case Overloaded():
            return Problem(503, "overloaded", f"{error} corrections are under way already", retry_after_s=1)
        case TimeoutError() | perception.DeadlineExceeded():
            return Problem(504, "deadline-exceeded", "the deadline passed before the trajectory was ready")
        case perception.Overloaded():
            return Problem(503, "perception-overloaded", str(error), retry_after_s=1)
        case perception.PerceptionUnavailable():
            return Problem(503, "perception-unavailable", str(error), retry_after_s=1)
        case HTTPException():
            return Problem(error.status_code, "http", str(error.detail))
    incident = uuid.uuid4().hex
    log.error("unexpected error", incident=incident, exc_info=error)
    if isinstance(error, perception.PerceptionError):
        return Problem(502, "perception-failed", f"perception failed; incident {incident}")
    return Problem(500, "internal", f"unexpected error; incident {incident}")


def invalid_field(details: Any) -> InvalidField:
    """A pydantic error as the one error for wrong fields."""
    path = ".".join(str(part) for part in details["loc"]) or "request"
    return InvalidField(path, details["msg"], "nothing" if details["type"] == "missing" else details["input"])


def problem_response(request: Request, error: Exception) -> JSONResponse:
    """The HTTP response of an error."""
    problem = problem_from(error)
    headers = {} if problem.retry_after_s is None else {"Retry-After": str(problem.retry_after_s)}
    body = problem.document(request.url.path).model_dump()
    return JSONResponse(body, problem.status, headers=headers, media_type=MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Makes every error of `app` a problem document."""

    async def handle(request: Request, error: Exception) -> JSONResponse:
        return problem_response(request, error)

    for kind in (RequestValidationError, HTTPException, Problem, *_EXPECTED, Exception):
        app.add_exception_handler(kind, handle)


def _session_problem(status: int, kind: str, expected: str, error: Exception) -> Problem:
    wrong = FieldProblem(field="session_id", expected=expected, given=str(error))
    return Problem(status, kind, f"session_id: expected {expected}, given {error}", [wrong])


def _field_problem(error: InvalidField) -> FieldProblem:
    return FieldProblem(field=error.field, expected=error.expected, given=error.given)
