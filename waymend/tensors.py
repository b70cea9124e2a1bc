"""Tensors on the wire: checked before anything is allocated."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from waymend.errors import InvalidField
from waymend.perception.v1 import tensor_pb2

_NUMPY_DTYPES: dict[int, np.dtype] = {
    tensor_pb2.DATA_TYPE_FLOAT32: np.dtype("<f4"),
    tensor_pb2.DATA_TYPE_FLOAT16: np.dtype("<f2"),
    tensor_pb2.DATA_TYPE_FLOAT64: np.dtype("<f8"),
    tensor_pb2.DATA_TYPE_INT32: np.dtype("<i4"),
    tensor_pb2.DATA_TYPE_INT64: np.dtype("<i8"),
    tensor_pb2.DATA_TYPE_UINT8: np.dtype("u1"),
}
_WIRE_DTYPES: dict[np.dtype, Any] = {dtype: wire for wire, dtype in _NUMPY_DTYPES.items()}


def pack_tensor(array: NDArray) -> tensor_pb2.Tensor:
    """The array as a wire tensor, row-major and little-endian."""
    little_endian = array.dtype.newbyteorder("<")
    return tensor_pb2.Tensor(
        dtype=_WIRE_DTYPES[little_endian],
        shape=array.shape,
        data=np.ascontiguousarray(array, little_endian).tobytes(),
    )


def unpack_tensor(
    tensor: tensor_pb2.Tensor, field: str, dtype: str, shape: Sequence[int | None], max_rows: int | None = None
) -> NDArray:
    """The wire tensor as a read-only array over its bytes, after every check.

    Args:
        tensor: What was received.
        field: Path of the tensor, for errors.
        dtype: Name of the numpy dtype that it must have.
        shape: The size that each dimension must have; None for any size.
        max_rows: Largest size of the first dimension.

    Raises:
        InvalidField: Wrong dtype, shape, byte length, or a value that is not finite.
    """
    given = _NUMPY_DTYPES.get(tensor.dtype)
    if given is None or given != np.dtype(dtype).newbyteorder("<"):
        raise InvalidField(f"{field}.dtype", dtype, given.name if given else f"unknown type {tensor.dtype}")
    _check_shape(list(tensor.shape), f"{field}.shape", shape, max_rows)
    expected_bytes = math.prod(tensor.shape) * given.itemsize
    if len(tensor.data) != expected_bytes:
        raise InvalidField(f"{field}.data", f"{expected_bytes} bytes", f"{len(tensor.data)} bytes")
    array = np.frombuffer(tensor.data, given).reshape(tuple(tensor.shape))
    if given.kind == "f" and not np.isfinite(array).all():
        raise InvalidField(field, "finite values", f"{int((~np.isfinite(array)).sum())} values of NaN or Inf")
    return array


def _check_shape(given: list[int], field: str, expected: Sequence[int | None], max_rows: int | None) -> None:
    agrees = len(given) == len(expected) and all(
        size >= 0 and wanted in (None, size) for size, wanted in zip(given, expected, strict=True)
    )
    if not agrees:
        wanted = ", ".join("any" if size is None else str(size) for size in expected)
        raise InvalidField(field, f"[{wanted}]", given)
    if max_rows is not None and given[0] > max_rows:
        raise InvalidField(field, f"at most {max_rows} rows", given)
