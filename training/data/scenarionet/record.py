"""Typed access to a nested file, with the path of a field in every error."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from waymend.errors import InvalidField


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping inside a file.

    Attributes:
        path: Where it stands, such as `scene.pkl.tracks.ego.state`.
        values: What it holds.
    """

    path: str
    values: Mapping[Any, Any]

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    def value(self, key: str, expected: str) -> Any:
        """What stands under a key.

        Raises:
            InvalidField: Nothing does; `expected` says what should.
        """
        if key not in self:
            raise InvalidField(f"{self.path}.{key}", expected, "nothing")
        return self.values[key]

    def record(self, key: str) -> "Record":
        """The mapping under a key.

        Raises:
            InvalidField: There is none.
        """
        value = self.value(key, "a dict")
        if not isinstance(value, Mapping):
            raise InvalidField(f"{self.path}.{key}", "a dict", type(value).__name__)
        return Record(f"{self.path}.{key}", value)

    def records(self, key: str) -> dict[str, "Record"]:
        """The mappings in the mapping under a key, by their names as text.

        Raises:
            InvalidField: There is none, or it holds anything but mappings.
        """
        parent = self.record(key)
        return {str(name): parent.record(name) for name in parent.values}

    def text(self, key: str) -> str:
        """The string or number under a key, as text.

        Raises:
            InvalidField: There is none.
        """
        value = self.value(key, "a name")
        if not isinstance(value, str | int):
            raise InvalidField(f"{self.path}.{key}", "a name", type(value).__name__)
        return str(value)

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self else None

    def names(self, key: str) -> tuple[str, ...]:
        """The ids under a key, as text; none where there is no such key.

        Raises:
            InvalidField: There is something else than a sequence.
        """
        value = self.values.get(key)
        if value is None:
            return ()
        if not (isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim == 1)):
            raise InvalidField(f"{self.path}.{key}", "a list of ids", value)
        return tuple(str(name) for name in value)

    def number(self, key: str) -> float:
        """The finite number under a key.

        Raises:
            InvalidField: There is none.
        """
        value = self.value(key, "a number")
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise InvalidField(f"{self.path}.{key}", "a number", value)
        return float(value)

    def numbers(self, key: str) -> NDArray[np.float64]:
        """The array or nested sequence of numbers under a key, in its own shape.

        Raises:
            InvalidField: There is none, or it holds anything but numbers.
        """
        value = self.value(key, "numbers")
        try:
            return np.asarray(value, np.float64)
        except (ValueError, TypeError, OverflowError):
            raise InvalidField(f"{self.path}.{key}", "an array of numbers", value) from None

    def points(self, key: str) -> NDArray[np.float64]:
        """x and y, float64 [N, 2], of an array [N, 2 or more] under a key.

        Raises:
            InvalidField: There is none, or it has another shape or a number that is not finite.
        """
        points = self.numbers(key)
        if points.ndim != 2 or points.shape[1] < 2:
            raise InvalidField(f"{self.path}.{key}", "points [N, 2 or 3]", f"shape {list(points.shape)}")
        wrong = ~np.isfinite(points[:, :2]).all(axis=1)
        if wrong.any():
            raise InvalidField(f"{self.path}.{key}", "finite numbers", points[wrong][0].tolist())
        return points[:, :2]
