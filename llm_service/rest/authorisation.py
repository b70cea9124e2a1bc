"""An optional API key."""

import secrets

from fastapi import Request

from llm_service.rest.problems import FieldProblem, Problem
from llm_service.settings import LlmSettings


def require_api_key(request: Request) -> None:
    """Refuses requests without the key, where one is set."""
    settings: LlmSettings = request.app.state.settings
    if settings.api_key is None:
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    expected = settings.api_key.get_secret_value()
    if scheme.lower() != "bearer" or not secrets.compare_digest(token.encode(), expected.encode()):
        wrong = FieldProblem(field="headers.authorization", expected="Bearer and the API key", given="another value")
        raise Problem(401, "unauthorised", "this server wants its API key", [wrong])
