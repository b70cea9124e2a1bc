"""Requests as JSON or as multipart forms."""

from collections.abc import Mapping
from typing import TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from llm_service.rest.problems import FieldProblem, Problem
from llm_service.rest.requests import CorrectionRequest, InlineScene, ServerFrameScene
from waymend.errors import InvalidField
from waymend.frames import parse_description, sensor_frame_message
from waymend.perception.v1 import frame_pb2
from waymend.vocabulary import CAMERA_NAMES

Sent = TypeVar("Sent", bound=BaseModel)
FRAME_PARTS = ("frame", "lidar", *CAMERA_NAMES)
_MAX_JSON_PART_BYTES = 8 << 20


async def read_correction(request: Request) -> tuple[CorrectionRequest, frame_pb2.SensorFrame | None]:
    """The request, and the frame that came with it where its scene is `inline`.

    Raises:
        Problem: Neither JSON nor a multipart form.
        InvalidField, RequestValidationError: Something in it is wrong.
    """
    if _media_type(request) == "application/json":
        wanted = _parsed(CorrectionRequest, await request.body())
        if isinstance(wanted.scene, InlineScene):
            raise InvalidField("scene.kind", "a multipart request where the scene is inline", "application/json")
        return wanted, None
    parts = await _read_parts(request, ("request", *FRAME_PARTS))
    wanted = _parsed(CorrectionRequest, _part(parts, "request"))
    if not isinstance(wanted.scene, InlineScene):
        given = sorted(set(parts) & set(FRAME_PARTS))
        if given:
            raise InvalidField(
                "scene.kind", "exactly one scene: inline for frame parts", f"{wanted.scene.kind} and {given}"
            )
        return wanted, None
    return wanted, frame_from_parts(parts)


async def read_frame(request: Request) -> frame_pb2.SensorFrame | ServerFrameScene:
    """A frame for a session: multipart parts, or JSON that names a frame directory on the server."""
    if _media_type(request) == "application/json":
        return _parsed(ServerFrameScene, await request.body())
    return frame_from_parts(await _read_parts(request, FRAME_PARTS))


def frame_from_parts(parts: Mapping[str, bytes]) -> frame_pb2.SensorFrame:
    """Builds a frame from the parts `frame` (frame.json), `lidar` and one for each camera."""
    description = parse_description(_part(parts, "frame"))
    jpegs = {name: parts[name] for name in CAMERA_NAMES if name in parts}
    return sensor_frame_message(description, _part(parts, "lidar"), jpegs)


def _parsed(model: type[Sent], text: bytes) -> Sent:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from None


def _media_type(request: Request) -> str:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in ("application/json", "multipart/form-data"):
        wrong = FieldProblem(
            field="headers.content-type",
            expected="application/json or multipart/form-data",
            given=media_type or "nothing",
        )
        raise Problem(415, "unsupported-media-type", f"{wrong.field}: expected {wrong.expected}", [wrong])
    return media_type


async def _read_parts(request: Request, allowed: tuple[str, ...]) -> dict[str, bytes]:
    async with request.form(
        max_files=len(allowed), max_fields=len(allowed), max_part_size=_MAX_JSON_PART_BYTES
    ) as form:
        parts: dict[str, bytes] = {}
        for name, value in form.multi_items():
            if name not in allowed or name in parts:
                raise InvalidField(name, f"each part once, of {', '.join(allowed)}", "twice" if name in parts else name)
            parts[name] = await value.read() if isinstance(value, UploadFile) else value.encode()
    return parts


def _part(parts: Mapping[str, bytes], name: str) -> bytes:
    if name not in parts:
        raise InvalidField(name, "a multipart part of this name", f"parts {sorted(parts)}")
    return parts[name]
