"""Refuses request bodies that are too large, before they are read."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_service.rest.problems import FieldProblem, Problem, problem_response


class BodyLimit:
    """ASGI middleware: a body of more than `max_bytes`, announced or not, ends in a 413 problem."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._max_bytes:
            response = problem_response(Request(scope), self._too_large(int(announced)))
            return await response(scope, receive, send)
        received = 0

        async def counting_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise self._too_large(received)
            return message

        await self._app(scope, counting_receive, send)

    def _too_large(self, given: int) -> Problem:
        wrong = FieldProblem(field="body", expected=f"at most {self._max_bytes} bytes", given=f"{given} bytes or more")
        return Problem(413, "body-too-large", f"{wrong.field}: expected {wrong.expected}, given {wrong.given}", [wrong])
