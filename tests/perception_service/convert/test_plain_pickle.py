"""Info files can hold numbers and containers, and can call nothing."""

import os
import pickle
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from perception_service.convert.mmdet3d_info import frame_from_info
from perception_service.convert.plain_pickle import read_plain_pickle
from waymend.errors import InvalidField


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function: object, *arguments: object, state: object = None) -> None:
        self._call = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> tuple:
        return self._call


def _pickled(path: Path, value: object, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(value, protocol))
    return path


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_plain_values_and_numpy_scalars_are_read(tmp_path: Path, protocol: int) -> None:
    value = {"a": [1, 2.5, "text", None, True], "b": np.float64(0.25), "c": np.int64(-3), "d": np.bool_(True)}
    assert read_plain_pickle(_pickled(tmp_path / "info.pkl", value, protocol)) == value


@pytest.mark.parametrize(
    "value",
    [
        Calls(os.system, "true"),
        Calls(eval, "1"),
        Calls(getattr, "", "upper"),
        Path("/"),
        np.zeros(3),
        np.array([object()], dtype=object),
    ],
    ids=["os.system", "eval", "getattr", "path", "array", "objects"],
)
def test_everything_else_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(InvalidField, match="not allowed"):
        read_plain_pickle(_pickled(tmp_path / "info.pkl", value))


@pytest.mark.parametrize("data", [b"", b"not a pickle", pickle.dumps({"a": list(range(999))})[:-20]])
def test_a_broken_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "info.pkl").write_bytes(data)
    with pytest.raises(InvalidField, match=r"info\.pkl"):
        read_plain_pickle(tmp_path / "info.pkl")


@pytest.mark.parametrize("info", [{}, [], {"data_list": [{}], "metainfo": {"categories": {}}}, {"infos": []}])
def test_another_kind_of_info_file_is_refused(tmp_path: Path, info: object) -> None:
    with pytest.raises(InvalidField, match="mmdet3d version 2 info file"):
        frame_from_info(_pickled(tmp_path / "info.pkl", info), tmp_path)


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
        np.arange(4, dtype=">f4"),
        np.array([True, False]),
        np.array(2.5),
    ],
    ids=["float64", "fortran", "big-endian", "bool", "scalar"],
)
def test_arrays_of_numbers_are_read_where_they_are_asked_for(tmp_path: Path, array: np.ndarray, protocol: int) -> None:
    read = read_plain_pickle(_pickled(tmp_path / "a.pkl", {"array": array, "again": array}, protocol), arrays=True)
    np.testing.assert_array_equal(read["array"], array)
    assert read["array"].dtype == array.dtype.newbyteorder("=")
    assert read["again"] is read["array"]


def test_an_empty_array_is_read(tmp_path: Path) -> None:
    assert read_plain_pickle(_pickled(tmp_path / "a.pkl", np.zeros((0, 3))), arrays=True).shape == (0, 3)


def test_arrays_of_numpy_1_are_read_too(tmp_path: Path) -> None:
    """Its modules had other names; protocol 0 spells them out."""
    data = pickle.dumps(np.arange(3.0), 0).replace(b"numpy._core", b"numpy.core")
    (tmp_path / "a.pkl").write_bytes(data)
    assert read_plain_pickle(tmp_path / "a.pkl", arrays=True).tolist() == [0.0, 1.0, 2.0]


def test_a_dict_with_a_default_becomes_a_plain_one(tmp_path: Path) -> None:
    counts = defaultdict(int, {"VEHICLE": 3})
    read = read_plain_pickle(_pickled(tmp_path / "a.pkl", counts), arrays=True)
    assert type(read) is dict
    assert read == {"VEHICLE": 3}
    with pytest.raises(InvalidField, match="not allowed"):
        read_plain_pickle(tmp_path / "a.pkl")


@pytest.mark.parametrize(
    "value",
    [
        Calls(os.system, "true"),
        Calls(eval, "1"),
        Calls(np.ndarray, (10**12,)),
        Calls(np.fromfile, "/etc/passwd"),
        Path("/"),
        np.array([object()], dtype=object),
        np.array(["text"]),
        np.zeros(1, [("field", float)]),
        np.datetime64("2020-01-01"),
        np.ma.masked_array([1.0]),
    ],
    ids=["os.system", "eval", "ndarray", "file", "path", "objects", "texts", "fields", "date", "masked"],
)
def test_with_arrays_everything_else_is_still_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(InvalidField, match=r"given .*(not allowed|not callable)"):
        read_plain_pickle(_pickled(tmp_path / "a.pkl", value), arrays=True)


_EMPTY = (np.zeros(0).__reduce__()[0], (np.ndarray, (0,), b"b"))


@pytest.mark.parametrize(
    ("made", "state"),
    [
        (_EMPTY, (1, (10**9,), np.dtype("f8"), False, b"12345678")),
        (_EMPTY, (1, (-1, -1), np.dtype("f8"), False, b"12345678")),
        (_EMPTY, (1, (1,), np.dtype("f8"), False, [object])),
        (_EMPTY, (1, (1,), float, False, b"12345678")),
        ((_EMPTY[0], (np.ndarray, (10**9,), b"b")), None),
        ((np.dtype, ("f8", False, True)), (3, "|", None, ("a",), {"a": (np.dtype("f8"), 0)}, 8, 1, 63)),
        ((np.dtype, ("f8", False, True)), (3, "<", None, None, None, -1, -1, 63)),
    ],
    ids=["short", "negative", "list", "no type", "large", "fields", "flags"],
)
def test_a_forged_state_is_refused(tmp_path: Path, made: tuple, state: object) -> None:
    forged = Calls(made[0], *made[1], state=state)
    with pytest.raises(InvalidField, match=r"a\.pkl"):
        read_plain_pickle(_pickled(tmp_path / "a.pkl", forged), arrays=True)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidField, match="No such file"):
        read_plain_pickle(tmp_path / "missing.pkl")
