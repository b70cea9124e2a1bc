"""Between known moments a track interpolates; elsewhere it says that it does not know."""

import numpy as np
import pytest

from training.data.drives.track import Track


@pytest.fixture
def track():
    """Eastwards at 2 m/s, gone between 0.2 s and 0.3 s, turning through the branch cut of its yaw."""
    times = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
    positions = np.stack([2.0 * times, np.zeros(5), np.ones(5)], axis=1)
    positions[3] = np.nan
    yaws = np.array([3.0, 3.1, -3.1, 0.0, -3.0])
    return Track(times, positions, yaws, np.array([True, True, True, False, True]))


def test_positions_are_exact_at_steps_and_linear_between(track):
    np.testing.assert_array_equal(track.positions_at([0.1])[0], track.positions_m[1])
    np.testing.assert_allclose(track.positions_at([0.15])[0], [0.3, 0.0, 1.0], atol=1e-12)


def test_yaw_takes_the_shorter_way(track):
    turn = 2 * np.pi - 6.2
    assert track.yaws_at([0.15])[0] == pytest.approx(3.1 + turn / 2)


@pytest.mark.parametrize(
    ("time_s", "known"), [(0.0, True), (0.2, True), (0.25, False), (0.3, False), (0.35, False), (0.4, True)]
)
def test_a_pose_is_known_only_between_known_neighbours(track, time_s, known):
    assert (track.pose_at(time_s) is not None) == known
    assert np.isfinite(track.positions_at([time_s])).all() == known


def test_velocity_uses_the_known_moments_alone(track):
    np.testing.assert_allclose(track.velocity_at(0.1, window_s=0.1), [2.0, 0.0, 0.0], atol=1e-9)
    np.testing.assert_array_equal(track.velocity_at(0.4, window_s=0.05), [0.0, 0.0, 0.0])


def test_a_mirrored_track_turns_the_other_way(track):
    mirrored = track.mirrored()
    np.testing.assert_allclose(mirrored.yaws_at([0.1]), -track.yaws_at([0.1]))
    np.testing.assert_allclose(mirrored.mirrored().positions_at([0.15]), track.positions_at([0.15]))
