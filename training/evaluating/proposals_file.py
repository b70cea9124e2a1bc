"""Anybody's proposals, from a JSON file."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from waymend.errors import InvalidField
from waymend.trajectory import Horizon, checked_trajectory

_SHAPE = "an object {sample_token: [[x, y], ...]}"


def read_proposals(path: Path, horizon: Horizon) -> dict[str, NDArray[np.float64]]:
    """Proposals float64 [T, 2] by sample token: ego frame, metres, x forward, y left, at the horizon's times.

    Raises:
        InvalidField: The file cannot be read, is not JSON of that shape, repeats a token, or a proposal has another
            number of waypoints, a number that is not finite, or one farther than 500 m; the field names the token.
    """
    content = _content(path)
    if not isinstance(content, dict) or not content:
        raise InvalidField("proposals", f"{_SHAPE} with at least one", type(content).__name__)
    return {token: _trajectory(waypoints, token, horizon) for token, waypoints in content.items()}


def _content(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique)
    except InvalidField:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidField("proposals", f"a JSON file with {_SHAPE}", f"{path}: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different; JSON would let the last of two win."""
    members = dict(pairs)
    if len(members) != len(pairs):
        repeated = next(name for index, (name, _) in enumerate(pairs) if name in dict(pairs[:index]))
        raise InvalidField(f"proposals.{repeated}", "one proposal per sample", "two")
    return members


def _trajectory(waypoints: Any, token: str, horizon: Horizon) -> NDArray[np.float64]:
    field = f"proposals.{token}"
    if not isinstance(waypoints, list) or not all(map(_is_point, waypoints)):
        raise InvalidField(field, f"{horizon.waypoints} waypoints of [x, y]", waypoints)
    return checked_trajectory(waypoints, horizon, field)


def _is_point(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(number) in (int, float) for number in value)
