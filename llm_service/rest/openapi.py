"""What the OpenAPI document says of bodies that come as JSON or as multipart forms, and of problems."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from llm_service.rest.problems import MEDIA_TYPE, ProblemDocument
from llm_service.rest.requests import CorrectionRequest, ServerFrameScene
from waymend.frames import FrameDescription
from waymend.vocabulary import CAMERA_NAMES

_REF = "#/components/schemas/{model}"
_BINARY = {"type": "string", "format": "binary"}
_FRAME_PARTS = {
    "frame": {"$ref": _REF.format(model="FrameDescription")},
    "lidar": {**_BINARY, "description": "float32 [N, 5]: x, y, z (LiDAR frame, m), intensity, age of the sweep (s)"},
    **{name: {**_BINARY, "description": "A JPEG"} for name in CAMERA_NAMES},
}


def _body(json_model: str, parts: dict[str, Any], required: list[str]) -> dict[str, Any]:
    multipart = {"type": "object", "properties": parts, "required": required}
    content = {
        "application/json": {"schema": {"$ref": _REF.format(model=json_model)}},
        "multipart/form-data": {"schema": multipart},
    }
    return {"requestBody": {"required": True, "content": content}}


CORRECTION_BODY = _body(
    "CorrectionRequest", {"request": {"$ref": _REF.format(model="CorrectionRequest")}, **_FRAME_PARTS}, ["request"]
)
FRAME_BODY = _body("ServerFrameScene", _FRAME_PARTS, list(_FRAME_PARTS))
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "A problem that the client can mend",
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="ProblemDocument")}}},
    },
    "5XX": {
        "description": "A problem of the service",
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="ProblemDocument")}}},
    },
}


def install_openapi(app: FastAPI) -> None:
    """Adds the schemas that bodies refer to."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            models = (CorrectionRequest, ServerFrameScene, FrameDescription, ProblemDocument)
            _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
            schema.setdefault("components", {}).setdefault("schemas", {}).update(definitions["$defs"])
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = document
