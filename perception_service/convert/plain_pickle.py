"""Reading a pickle of plain values and numpy numbers, and of nothing else.

A pickle can call whatever it names. This reader lets it name a few things, each replaced by a harmless one of our own,
so that a file from elsewhere can only build numbers, strings and containers; where the caller asks for them, arrays of
numbers too. For offline commands; no service reads pickles.
"""

import math
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np

from waymend.errors import InvalidField

_NUMBERS = re.compile(r"[biuf][1248]")
_NDARRAY = "numpy.ndarray"
"""Stands for the class, which a pickled array names and does not call."""


def _latin1(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes in the encoding {encoding}")
    return text.encode("latin1")


class _NumberType:
    """A numpy dtype of plain numbers; unlike numpy's own, its state can set the byte order and nothing else."""

    def __init__(self, code: str, align: object = False, copy: object = True) -> None:
        if not _NUMBERS.fullmatch(code):
            raise pickle.UnpicklingError(f"numpy values of type {code} are not allowed")
        self.numpy = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[0] != 3 or state[2:] != (None, None, None, -1, -1, 0):
            raise pickle.UnpicklingError("a numpy type with fields or flags is not allowed")
        self.numpy = self.numpy.newbyteorder(state[1])


def _scalar(number_type: _NumberType, data: bytes) -> Any:
    return np.frombuffer(data, number_type.numpy, count=1)[0].item()


class _PlainArray(np.ndarray):
    """An array that takes only numbers as its state; otherwise numpy's."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, number_type, fortran_order, data = state
        if min(shape, default=0) < 0 or math.prod(shape) * number_type.numpy.itemsize != len(data):
            raise pickle.UnpicklingError(f"{len(data)} bytes for an array {shape} of {number_type.numpy}")
        checked: Any = (1, shape, number_type.numpy, bool(fortran_order), data)
        super().__setstate__(checked)


def _empty_array(kind: str, shape: tuple[int, ...], code: bytes) -> _PlainArray:
    if (kind, shape, code) != (_NDARRAY, (0,), b"b"):
        raise pickle.UnpicklingError(f"an array of kind {kind} is not allowed")
    return _PlainArray(shape, np.int8)


def _dictionary(*default: object) -> dict[Any, Any]:
    return {}


_ALLOWED: dict[tuple[str, str], Any] = {
    ("_codecs", "encode"): _latin1,
    ("numpy", "dtype"): _NumberType,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
}
_ALLOWED_WITH_ARRAYS = _ALLOWED | {
    ("builtins", "int"): int,
    ("collections", "defaultdict"): _dictionary,
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy.core.multiarray", "_reconstruct"): _empty_array,
    ("numpy._core.multiarray", "_reconstruct"): _empty_array,
}


class _PlainUnpickler(pickle.Unpickler):
    allowed = _ALLOWED

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.allowed[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed") from None


class _ArrayUnpickler(_PlainUnpickler):
    allowed = _ALLOWED_WITH_ARRAYS


def read_plain_pickle(path: Path, *, arrays: bool = False) -> Any:
    """The value in the file.

    Args:
        path: Of the pickle.
        arrays: Whether it may hold numpy arrays of numbers, and dicts with a default, which become plain dicts. An
            array comes as a subclass of `numpy.ndarray`; `numpy.asarray` makes it a plain one.

    Raises:
        InvalidField: The file names anything else, cannot be read, or is no pickle.
    """
    unpickler = _ArrayUnpickler if arrays else _PlainUnpickler
    expected = "a pickle of plain values and numpy " + ("arrays of numbers" if arrays else "scalars")
    try:
        with path.open("rb") as file:
            return unpickler(file).load()
    except (
        pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, IndexError, KeyError,
        OverflowError, MemoryError, OSError,
    ) as error:  # fmt: skip
        raise InvalidField(path.name, expected, error) from None
