"""Tensors from outside are checked before they are used."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from waymend.errors import InvalidField
from waymend.perception.v1 import tensor_pb2
from waymend.tensors import pack_tensor, unpack_tensor

DTYPES = ("float16", "float32", "float64", "int32", "int64", "uint8")


@given(st.data())
def test_every_array_survives_the_wire(data):
    name = data.draw(st.sampled_from(DTYPES))
    elements = {"allow_nan": False, "allow_infinity": False} if name.startswith("float") else None
    array = data.draw(hnp.arrays(name, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0), elements=elements))
    received = unpack_tensor(pack_tensor(array), "x", name, array.shape)
    np.testing.assert_array_equal(received, array)
    assert received.dtype == array.dtype


def test_a_transposed_array_is_sent_row_major():
    array = np.arange(6, dtype=np.float32).reshape(2, 3).T
    np.testing.assert_array_equal(unpack_tensor(pack_tensor(array), "x", "float32", [3, 2]), array)


def test_big_endian_arrays_are_sent_little_endian():
    array = np.arange(3, dtype=">i4")
    np.testing.assert_array_equal(unpack_tensor(pack_tensor(array), "x", "int32", [3]), array)


def test_bytes_of_the_wrong_length_are_refused_before_anything_is_allocated():
    tensor = tensor_pb2.Tensor(dtype=tensor_pb2.DATA_TYPE_FLOAT32, shape=[1 << 40, 5], data=b"1234")
    with pytest.raises(InvalidField) as caught:
        unpack_tensor(tensor, "frame.lidar.points", "float32", [None, 5])
    assert caught.value.field == "frame.lidar.points.data"
    assert caught.value.expected == f"{(1 << 40) * 20} bytes"
    assert caught.value.given == "4 bytes"


def test_another_dtype_is_refused_by_name():
    with pytest.raises(InvalidField, match=r"x\.dtype: expected float32, given float64"):
        unpack_tensor(pack_tensor(np.zeros((1, 5))), "x", "float32", [None, 5])


def test_an_unset_dtype_is_refused():
    with pytest.raises(InvalidField, match=r"x\.dtype: expected float32, given unknown type 0"):
        unpack_tensor(tensor_pb2.Tensor(), "x", "float32", [None, 5])


@pytest.mark.parametrize("shape", [(3, 4), (15,), (1, 3, 5)])
def test_another_shape_is_refused(shape):
    with pytest.raises(InvalidField, match=r"x\.shape: expected \[any, 5\]"):
        unpack_tensor(pack_tensor(np.zeros(shape, np.float32)), "x", "float32", [None, 5])


def test_a_negative_size_is_refused():
    tensor = tensor_pb2.Tensor(dtype=tensor_pb2.DATA_TYPE_FLOAT32, shape=[-1, 5], data=b"")
    with pytest.raises(InvalidField, match=r"x\.shape"):
        unpack_tensor(tensor, "x", "float32", [None, 5])


def test_too_many_rows_are_refused():
    with pytest.raises(InvalidField, match="at most 2 rows"):
        unpack_tensor(pack_tensor(np.zeros((3, 5), np.float32)), "x", "float32", [None, 5], max_rows=2)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(bad):
    array = np.zeros((2, 5), np.float32)
    array[1, 2] = bad
    with pytest.raises(InvalidField, match="finite"):
        unpack_tensor(pack_tensor(array), "x", "float32", [None, 5])
