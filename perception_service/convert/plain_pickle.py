"""Reading a pickle of plain values and numpy scalars, and of nothing else.

A pickle can call whatever it names. This reader lets it name three things, each replaced by a harmless function of our
own, so that a file from elsewhere can only build numbers, strings and containers. For offline commands; no service
reads pickles.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from waymend.errors import InvalidField


def _latin1(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes in the encoding {encoding}")
    return text.encode("latin1")


def _scalar(dtype: np.dtype, data: bytes) -> Any:
    if dtype.kind not in "biuf":
        raise pickle.UnpicklingError(f"a numpy scalar of kind {dtype.kind}")
    return np.frombuffer(data, dtype, count=1)[0].item()


_ALLOWED = {
    ("_codecs", "encode"): _latin1,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
}


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed") from None


def read_plain_pickle(path: Path) -> Any:
    """The value in the file.

    Raises:
        InvalidField: The file names anything but numpy scalars, or is no pickle.
    """
    try:
        with path.open("rb") as file:
            return _PlainUnpickler(file).load()
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        raise InvalidField(path.name, "a pickle of plain values and numpy scalars", error) from None
