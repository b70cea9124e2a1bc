"""Typed keys, and errors that name the key."""

from collections.abc import Mapping
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from training.recipe.key_names import instead_of
from waymend.errors import InvalidField

Model = TypeVar("Model", bound=BaseModel)

_PREFIXES = ("Input should be ", "Value error, ")
_CONSEQUENCE = "default_factory_not_called"
"""Type of an error that only follows from another."""
_UNKNOWN = "extra_forbidden"
"""Type of the error of a key that is not declared."""


def validated(model: type[Model], keys: Mapping[str, Any]) -> Model:
    """The keys as `model`.

    Raises:
        InvalidField: The first key of a wrong type or value.
    """
    try:
        return model.model_validate(dict(keys))
    except ValidationError as error:
        raise _invalid_field(model, error.errors(include_url=False)) from None


def _invalid_field(model: type[BaseModel], errors: list[ErrorDetails]) -> InvalidField:
    first = next(error for error in errors if error["type"] != _CONSEQUENCE)
    name = str(first["loc"][0])
    if first["type"] == "missing":
        return InvalidField(_path(first), "a value", "nothing")
    if first["type"] == _UNKNOWN:
        return InvalidField(_path(first), instead_of(str(first["loc"][-1]), _names(model, first)), "an unknown key")
    if not _is_union(model, name):
        return InvalidField(_path(first), _expected(first), first["input"])
    same = [error for error in errors if error["loc"][0] == name]
    return InvalidField(name, " or ".join(dict.fromkeys(map(_expected, same))), first["input"])


def _is_union(model: type[BaseModel], name: str) -> bool:
    """Whether the key takes several types, whose names pydantic puts into an error's path."""
    annotation = model.model_fields[name].annotation
    kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    return get_origin(annotation) in (Union, UnionType) and len(kinds) > 1


def _names(model: type[BaseModel], error: ErrorDetails) -> list[str]:
    """Names of the keys beside an unknown one, which may lie in a mapping."""
    for name in error["loc"][:-1]:
        annotation = model.model_fields[str(name)].annotation
        model = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else model
    return list(model.model_fields)


def _path(error: ErrorDetails) -> str:
    return ".".join(map(str, error["loc"]))


def _expected(error: ErrorDetails) -> str:
    message = error["msg"]
    for prefix in _PREFIXES:
        message = message.removeprefix(prefix)
    return message
