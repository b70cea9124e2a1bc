"""Key frames survive the file."""

import dataclasses

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset

from tests.training.data.samples.keyframes import car, keyframe, left_turn, parallel_lanes, straight_on
from training.data.samples.keyframe_rows import KEYFRAME_SCHEMA, keyframe_from_row, keyframe_row

FRAMES = [
    keyframe(left_turn(), 8.1, [car(12.3, 0.1, 0.2, 3.3), car(5.0)], parallel_lanes(0.0, 3.5), command="left"),
    keyframe(straight_on(), sample_token="no map, nobody"),
]


def same(first, second, tolerance=0.0):
    """Whether two values agree, through dataclasses, tuples and arrays."""
    if dataclasses.is_dataclass(first):
        names = [field.name for field in dataclasses.fields(first)]
        return type(first) is type(second) and all(
            same(getattr(first, name), getattr(second, name), tolerance) for name in names
        )
    if isinstance(first, tuple):
        pairs = zip(first, second, strict=True)
        return len(first) == len(second) and all(same(one, other, tolerance) for one, other in pairs)
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.allclose(first, second, rtol=0.0, atol=tolerance)
    if isinstance(first, float):
        return abs(first - second) <= tolerance
    return first == second


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "keyframes.parquet"
    pq.write_table(pa.Table.from_pylist([keyframe_row(frame) for frame in FRAMES], KEYFRAME_SCHEMA), path)
    return path


def test_every_field_is_there_to_float32():
    for frame in FRAMES:
        assert same(keyframe_from_row(keyframe_row(frame)), frame, tolerance=2e-6)
        assert not same(keyframe_from_row(keyframe_row(frame)), dataclasses.replace(frame, timestamp_us=0))


@pytest.mark.parametrize("streaming", [False, True])
def test_what_is_read_is_what_was_written(file, streaming, tmp_path):
    rows = load_dataset(
        "parquet", data_files=str(file), split="train", streaming=streaming, cache_dir=str(tmp_path / "cache")
    )
    for row, frame in zip(rows, FRAMES, strict=True):
        assert same(keyframe_from_row(row), keyframe_from_row(keyframe_row(frame)))


def test_a_missing_map_stays_missing_and_lists_stay_empty(file):
    row = pq.read_table(file).to_pylist()[1]
    frame = keyframe_from_row(row)
    assert frame.road_map is None
    assert frame.agents == ()
