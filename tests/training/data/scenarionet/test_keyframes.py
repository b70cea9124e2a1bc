"""Key frames fall on the log's own steps where its clock allows, else on the grid of 0.5 s."""

import numpy as np
import pytest

from training.data.scenarionet.keyframes import keyframe_times


def test_a_steady_clock_gives_every_fifth_step():
    times = 0.1 * np.arange(191)
    np.testing.assert_array_equal(keyframe_times(times), times[::5])


def test_a_clock_that_jitters_gives_its_own_steps():
    times = np.array([0.0, 0.251, 0.507, 0.744, 0.989])
    assert keyframe_times(times).tolist() == [0.0, 0.507, 0.989]


def test_a_clock_that_drifts_gives_the_grid():
    """0.485 s is within 20 ms of the grid, 0.96 s is not."""
    times = np.array([0.0, 0.24, 0.485, 0.72, 0.96, 1.2, 1.44, 1.68])
    assert keyframe_times(times).tolist() == [0.0, 0.485, 1.0, 1.5]


@pytest.mark.parametrize(("end_s", "last_s"), [(1.97, 1.5), (1.985, 1.985), (2.01, 2.01), (2.3, 2.0)])
def test_they_end_within_the_log(end_s, last_s):
    times = np.append(np.arange(0.0, 1.6, 0.1), end_s)
    assert keyframe_times(times)[-1] == pytest.approx(last_s)
    assert keyframe_times(times)[-1] <= end_s
