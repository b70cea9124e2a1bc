"""Info files can hold numbers and containers, and can call nothing."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from perception_service.convert.mmdet3d_info import frame_from_info
from perception_service.convert.plain_pickle import read_plain_pickle
from waymend.errors import InvalidField


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self._call = (function, arguments)

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
