"""How a vehicle's log differs from its motion."""

import numpy as np

from training.data.drives.track import Track
from training.data.traffic.character import Unsteadiness
from training.data.traffic.logged_poses import as_logged

TIMES_S = np.arange(201) * 0.1
SPEED_MPS = 10.0


def straight() -> Track:
    positions = np.stack([SPEED_MPS * TIMES_S, np.zeros(201), np.zeros(201)], axis=1)
    return Track(TIMES_S, positions, np.zeros(201), np.ones(201, bool))


def logged(seed: int) -> Track:
    return as_logged(straight(), np.random.default_rng(seed))


def test_poses_are_milliseconds_early_or_late_along_the_track_alone():
    delays_s = np.array([(logged(seed).positions_m[1:-1, 0] / SPEED_MPS - TIMES_S[1:-1]).std() for seed in range(200)])
    assert 1.5e-3 < np.median(delays_s) < 3.5e-3
    assert delays_s.max() < 0.03
    assert not logged(0).positions_m[:, 1:].any()


def test_the_frame_is_askew_by_one_small_angle_for_a_whole_drive():
    yaws_rad = np.array([logged(seed).yaws_rad for seed in range(200)])
    assert np.ptp(yaws_rad, axis=1).max() < 1e-12
    assert 0.25 < np.rad2deg(yaws_rad[:, 0].std()) < 0.45


def test_times_stay_and_equal_streams_log_alike():
    np.testing.assert_array_equal(logged(3).times_s, TIMES_S)
    np.testing.assert_array_equal(logged(3).positions_m, logged(3).positions_m)
    assert np.abs(logged(3).positions_m - logged(4).positions_m).max() > 1e-4


def test_pedals_stray_with_their_own_size_and_forget_it_within_seconds():
    unsteadiness, random = Unsteadiness(0.5), np.random.default_rng(0)
    strayed = np.array([unsteadiness.next(0.1, random) for _ in range(50_000)])
    assert abs(strayed.std() - 0.5) < 0.05
    assert abs(np.corrcoef(strayed[:-10], strayed[10:])[0, 1] - np.exp(-1.0)) < 0.05


def test_steady_pedals_never_stray():
    assert Unsteadiness(0.0).next(0.1, np.random.default_rng(0)) == 0.0
