"""Both L2 formulas, against values by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from training.evaluating.metrics.l2 import distances_m, l2_a_m, l2_average_m, l2_b_m, l2_summary, waypoint_at
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

HORIZON = Horizon()
DISTANCES = np.array([0.0, 0.2, 0.4, 1.0, 1.4, 3.0])


def test_distances_are_euclidean():
    trajectory = np.array([[3.0, 4.0], [1.0, 1.0]])
    np.testing.assert_allclose(distances_m(trajectory, np.array([[0.0, 0.0], [1.0, 2.0]])), [5.0, 1.0])


def test_formula_a_is_the_mean_over_all_steps_up_to_t():
    assert [l2_a_m(DISTANCES, HORIZON, t) for t in (1, 2, 3)] == pytest.approx([0.1, 0.4, 1.0])


def test_formula_b_is_the_error_at_t():
    assert [l2_b_m(DISTANCES, HORIZON, t) for t in (1, 2, 3)] == pytest.approx([0.2, 1.0, 3.0])


def test_averages_are_over_one_two_and_three_seconds():
    assert l2_average_m("a", DISTANCES, HORIZON) == pytest.approx(0.5)
    assert l2_average_m("b", DISTANCES, HORIZON) == pytest.approx(1.4)


def test_a_summary_is_the_mean_over_cases_and_names_its_formula():
    summary = l2_summary(np.stack([DISTANCES, np.zeros(6)]), HORIZON)
    assert summary["l2_a_2s_m"] == pytest.approx(0.2)
    assert summary["l2_b_3s_m"] == pytest.approx(1.5)
    assert summary["l2_a_avg_m"] == pytest.approx(0.25)
    assert set(summary) == {f"l2_{formula}_{time}_m" for formula in "ab" for time in ("1s", "2s", "3s", "avg")}


@given(arrays.arrays(np.float64, (6,), elements=st.floats(0, 100)))
def test_a_is_at_most_the_largest_error_so_far_and_equals_b_where_errors_are_constant(distances):
    for t in (1, 2, 3):
        assert l2_a_m(distances, HORIZON, t) <= distances[: 2 * t].max() + 1e-9
    constant = np.full(6, distances[0])
    assert l2_average_m("a", constant, HORIZON) == pytest.approx(l2_average_m("b", constant, HORIZON))


@given(arrays.arrays(np.float64, (6,), elements=st.floats(0, 100)))
def test_a_is_at_most_b_where_errors_grow(distances):
    growing = np.sort(distances)
    assert l2_average_m("a", growing, HORIZON) <= l2_average_m("b", growing, HORIZON) + 1e-9


def test_a_horizon_without_a_waypoint_at_a_second_is_refused():
    assert waypoint_at(Horizon(30, 0.1), 2) == 19
    for horizon in (Horizon(4, 0.5), Horizon(6, 0.8)):
        with pytest.raises(InvalidField, match="horizon: expected a waypoint at 3 s"):
            waypoint_at(horizon, 3)
