import numpy as np
import pytest

from training.data.traffic.smoothing import middle_of, smooth_poses

_STEP_S = 0.1


def test_uniform_motion_stays_as_it_is() -> None:
    x = 10.0 + 8.0 * _STEP_S * np.arange(60)
    poses = np.stack([x, np.full(60, 3.0), np.zeros(60)], axis=1)
    assert smooth_poses(poses, 1.5, _STEP_S) == pytest.approx(poses - [1.5, 0.0, 0.0])


def test_a_sudden_stop_becomes_a_braking_one() -> None:
    x = np.minimum(6.0 * _STEP_S * np.arange(80), 24.0)
    smooth = smooth_poses(np.stack([x, np.zeros(80), np.zeros(80)], axis=1), 0.0, _STEP_S)
    acceleration = np.gradient(np.gradient(smooth[:, 0], _STEP_S), _STEP_S)
    assert -10.0 < acceleration.min() < -5.0
    assert smooth[-1, 0] == pytest.approx(24.0)


def test_the_heading_follows_the_rear_axle_and_stays_at_standstill() -> None:
    angles = np.minimum(np.arange(100) * 0.02, 1.0)
    poses = np.stack([20.0 * np.cos(angles), 20.0 * np.sin(angles), angles + np.pi / 2], axis=1)
    smooth = smooth_poses(poses, 0.0, _STEP_S)
    assert smooth[10:40, 2] == pytest.approx(poses[10:40, 2], abs=0.01)
    assert np.ptp(smooth[65:, 2]) == 0.0


def test_the_middle_lies_before_the_rear_axle() -> None:
    assert middle_of(np.array([[1.0, 2.0, np.pi / 2]]), 1.4) == pytest.approx(np.array([[1.0, 3.4]]))
