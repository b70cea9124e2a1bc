"""Proposals of any planner from a file, and files that are refused by the name of what is wrong."""

import json

import numpy as np
import pytest

from training.evaluating.proposals_file import read_proposals
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

GOOD = [[4.5 * k, 0] for k in range(1, 7)]


def read(tmp_path, text):
    path = tmp_path / "proposals.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return read_proposals(path, Horizon())


def test_proposals_are_read_by_sample_token(tmp_path):
    proposals = read(tmp_path, {"a": GOOD, "b": [[0, 0.5]] * 6})
    assert list(proposals) == ["a", "b"]
    np.testing.assert_array_equal(proposals["a"], GOOD)
    assert proposals["b"].dtype == np.float64


@pytest.mark.parametrize(
    ("waypoints", "expected"),
    [
        (GOOD[:5], "6 waypoints"),
        ([*GOOD, [0, 0]], "6 waypoints"),
        ([[*point, 0] for point in GOOD], "6 waypoints"),
        ([[1, None], *GOOD[1:]], "6 waypoints"),
        ([[1, "2"], *GOOD[1:]], "6 waypoints"),
        ([[1, True], *GOOD[1:]], "6 waypoints"),
        ("nonsense", "6 waypoints"),
        ({"x": 1}, "6 waypoints"),
        ([[float("nan"), 0], *GOOD[1:]], "finite numbers"),
        ([[float("inf"), 0], *GOOD[1:]], "finite numbers"),
        ([[501, 0], *GOOD[1:]], "within 500 m"),
    ],
)
def test_a_proposal_that_is_none_is_refused_by_its_token(tmp_path, waypoints, expected):
    with pytest.raises(InvalidField, match=expected) as refused:
        read(tmp_path, {"fine": GOOD, "wrong": waypoints})
    assert refused.value.field == "proposals.wrong"


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "{}", "null", "[" * 100_000])
def test_another_shape_of_file_is_refused(tmp_path, text):
    with pytest.raises(InvalidField, match="sample_token"):
        read(tmp_path, text)


def test_a_number_too_large_for_a_float_is_refused(tmp_path):
    with pytest.raises(InvalidField, match="finite numbers"):
        read(tmp_path, '{"a": [[1e999, 0], [0,0], [0,0], [0,0], [0,0], [0,0]]}')


def test_a_whole_number_too_large_for_a_float_is_refused(tmp_path):
    with pytest.raises(InvalidField, match="that a double can hold") as refused:
        read(tmp_path, f'{{"a": [[1{"0" * 400}, 0], [0,0], [0,0], [0,0], [0,0], [0,0]]}}')
    assert refused.value.field == "proposals.a"


def test_a_token_that_comes_twice_is_refused(tmp_path):
    text = f'{{"a": {json.dumps(GOOD)}, "a": {json.dumps(GOOD)}}}'
    with pytest.raises(InvalidField, match=r"proposals\.a: expected one proposal per sample"):
        read(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InvalidField, match="a JSON file"):
        read_proposals(tmp_path / "nothing.json", Horizon())
