"""An `.npy` file that is written piece by piece and read through a memory map."""

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from waymend.errors import InvalidField


class ArrayFileWriter:
    """Writes rows of an array whose number is known and whose shape the first rows tell.

    Rows are appended through the file, not a map of it: a full disk is an error, not the end of the process.
    """

    def __init__(self, path: Path, rows: int) -> None:
        self._path, self._rows, self._written = path, rows, 0
        self._file = path.open("xb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, rows: NDArray[np.float16]) -> None:
        """Appends rows [K, ...]."""
        if not self._written:
            header = {"descr": npy_format.dtype_to_descr(rows.dtype), "fortran_order": False}
            npy_format.write_array_header_1_0(self._file, header | {"shape": (self._rows, *rows.shape[1:])})
        self._file.write(np.ascontiguousarray(rows).tobytes())
        self._written += len(rows)


def mapped_array(path: Path, rows: int) -> NDArray[np.float16]:
    """The array of a file, in memory only where it is looked at.

    Raises:
        InvalidField: There is no such file, it is cut off, or it has another number of rows.
    """
    try:
        array = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise InvalidField(path.name, "an array file", error) from None
    if len(array) != rows:
        raise InvalidField(path.name, f"{rows} rows", len(array))
    return array
