"""The path under a trajectory, and driving it at another pace."""

import numpy as np
import pytest

from tests.training.data.samples.keyframes import TIMES_S, braking, left_turn, straight_on
from training.data.samples.truth_path import (
    DrivenPath,
    along_path,
    beside_path,
    headings_along,
    path_through,
    turned_along,
)

CORNER = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]])


def test_a_line_goes_on_straight_at_both_ends():
    np.testing.assert_allclose(
        along_path(CORNER, [-2.0, 0.0, 5.0, 10.0, 13.0, 25.0]), [[-2, 0], [0, 0], [5, 0], [10, 0], [10, 3], [10, 15]]
    )
    np.testing.assert_allclose(headings_along(CORNER, [-2.0, 5.0, 12.0, 30.0]), [0, 0, np.pi / 2, np.pi / 2])
    assert turned_along(CORNER) == pytest.approx(np.pi / 2)


def test_left_of_a_line_is_left():
    np.testing.assert_allclose(beside_path(CORNER, [5.0, 15.0], np.array([1.0, -2.0])), [[5, 1], [12, 5]], atol=1e-12)


def test_the_path_of_an_arc_is_the_arc():
    path = path_through(left_turn(speed_mps=8.0, radius_m=15.0))
    np.testing.assert_allclose(np.linalg.norm(path - [0, 15.0], axis=1), 15.0, atol=0.05)
    assert turned_along(path) == pytest.approx(8.0 * 3 / 15.0, abs=0.1)
    np.testing.assert_array_equal(path[0], 0.0)


@pytest.mark.parametrize("truth", [straight_on(12.0), braking(8.0), left_turn(), straight_on(0.6), straight_on(0.0)])
def test_path_and_progress_give_the_waypoints_back(truth):
    driven = DrivenPath.of(truth, TIMES_S)
    np.testing.assert_allclose(along_path(driven.path_m, driven.progress_m) + driven.residual_m, truth, atol=1e-12)
    assert np.abs(driven.residual_m).max() < 0.02
    assert (np.diff(driven.progress_m, prepend=0.0) >= 0).all()


def test_progress_and_speed_are_of_the_truth():
    driven = DrivenPath.of(left_turn(speed_mps=8.0, radius_m=20.0), TIMES_S)
    np.testing.assert_allclose(driven.progress_at(np.array([0.25, 1.7])), [2.0, 13.6], atol=0.1)
    np.testing.assert_allclose(driven.speed_at(np.linspace(0.0, 3.0, 7)), 8.0, atol=0.2)


def test_a_vehicle_that_stands_has_a_path_ahead_however_its_pose_trembles():
    driven = DrivenPath.of(np.random.default_rng(0).normal(0.0, 0.05, (6, 2)) - [0.1, 0.0], TIMES_S)
    assert headings_along(driven.path_m, [1.0]) == [0.0]
    assert driven.progress_m.max() < 0.1


def test_a_vehicle_that_reverses_has_a_path_behind():
    driven = DrivenPath.of(straight_on(-3.0), TIMES_S)
    np.testing.assert_allclose(driven.progress_m, 3.0 * TIMES_S)
    np.testing.assert_allclose(along_path(driven.path_m, [12.0]), [[-12.0, 0.0]], atol=1e-9)
