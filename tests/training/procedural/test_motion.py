"""Speed, distance and acceleration of a motion belong together."""

import numpy as np
import pytest

from training.procedural.arc_line import ArcLine
from training.procedural.motion import Motion, SpeedProfile

STOP = SpeedProfile(9.0, brake_at_s=1.2, brake_over_m=20.0)


def test_a_stop_takes_the_stated_distance_and_lasts():
    assert STOP.distance(60.0) == pytest.approx(20.0)
    assert STOP.speed(60.0) == 0.0


def test_speed_is_the_rate_of_distance_and_acceleration_that_of_speed():
    times = np.linspace(0.0, 8.0, 4001)
    distance = np.array([STOP.distance(t) for t in times])
    speed = np.array([STOP.speed(t) for t in times])
    acceleration = np.array([STOP.acceleration(t) for t in times])
    np.testing.assert_allclose(np.gradient(distance, times)[1:-1], speed[1:-1], atol=1e-3)
    np.testing.assert_allclose(np.gradient(speed, times)[1:-1], acceleration[1:-1], atol=5e-3)


def test_the_hardest_braking_is_as_documented():
    assert min(STOP.acceleration(t) for t in np.linspace(0, 8, 4001)) == pytest.approx(-0.75 * 9.0**2 / 20.0, rel=1e-4)


def test_a_motion_turns_with_its_path():
    motion = Motion(ArcLine((0.0, 0.0, 0.0), [(200.0, 0.02)]), SpeedProfile(10.0), station_m=5.0, time_s=1.0)
    assert motion.state(1.0).yaw_rad == pytest.approx(0.1)
    assert motion.state(2.0).yaw_rad == pytest.approx(0.3)
    assert motion.state(2.0).yaw_rate_radps == pytest.approx(0.2)
