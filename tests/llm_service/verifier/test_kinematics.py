import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_service.verifier.kinematics import kinematics_of
from tests.llm_service.verifier.scenes import STEP_S, circle, judge, straight
from waymend.trajectory import EgoState

SPEEDS = st.floats(0.5, 24.0)


def test_constant_acceleration_is_measured_exactly_and_has_no_jerk():
    motion = kinematics_of(straight(5.0, 2.0), STEP_S, EgoState(5.0, 2.0))
    np.testing.assert_allclose(motion.speed_mps, [5.5, 6.5, 7.5, 8.5, 9.5, 10.5])
    np.testing.assert_allclose(motion.longitudinal_acceleration_mps2, 2.0)
    np.testing.assert_allclose(motion.jerk_mps3, 0.0, atol=1e-9)


def test_constant_jerk_is_measured_exactly():
    times_s = STEP_S * np.arange(1, 7)
    trajectory = np.stack((8 * times_s + times_s**2 / 2 + 3 * times_s**3 / 6, np.zeros(6)), axis=1)
    motion = kinematics_of(trajectory, STEP_S, EgoState(8.0, 1.0))
    np.testing.assert_allclose(motion.jerk_mps3, 3.0)
    np.testing.assert_allclose(motion.longitudinal_acceleration_mps2[1:], 1.0 + 3.0 * STEP_S * np.arange(1, 6))


def test_a_circle_has_its_curvature_yaw_rate_and_nearly_its_lateral_acceleration():
    motion = kinematics_of(circle(8.0, 20.0), STEP_S, EgoState(8.0, 0.0, 0.4))
    np.testing.assert_allclose(motion.curvature_1pm, 1 / 20)
    np.testing.assert_allclose(motion.yaw_rate_radps, 0.4)
    np.testing.assert_allclose(motion.lateral_acceleration_mps2, 8.0**2 / 20, rtol=0.01)  # chords are 0.2 % short


def test_the_circle_to_the_right_has_the_opposite_signs():
    motion = kinematics_of(circle(8.0, 20.0) * [1, -1], STEP_S, EgoState(8.0, 0.0, -0.4))
    np.testing.assert_allclose(motion.curvature_1pm, -1 / 20)
    np.testing.assert_allclose(motion.yaw_rate_radps, -0.4)


def test_reverse_driving_has_negative_speed_and_keeps_the_heading():
    motion = kinematics_of(straight(-2.0), STEP_S, EgoState(-2.0))
    np.testing.assert_allclose(motion.speed_mps, -2.0)
    np.testing.assert_allclose(motion.heading_rad, 0.0)
    np.testing.assert_allclose(motion.longitudinal_acceleration_mps2, 0.0)


def test_reversing_on_a_circle_has_the_curvature_of_the_steering():
    motion = kinematics_of(circle(2.0, 10.0) * [-1, 1], STEP_S, EgoState(-2.0, 0.0, -0.2))
    np.testing.assert_allclose(motion.curvature_1pm, 1 / 10)
    np.testing.assert_allclose(motion.yaw_rate_radps, -0.2)


def test_centimetres_of_noise_at_standstill_pass_every_check():
    noise = np.array([[0.02, -0.03], [-0.02, 0.02], [0.01, 0.03], [-0.03, -0.01], [0.0, 0.02], [0.02, 0.0]])
    assert judge(noise, 0.0).safe


@pytest.mark.parametrize("side", [1, -1])
def test_a_step_too_short_to_have_a_curvature_turns_no_tighter_than_the_vehicle_can(side):
    trajectory = np.array([[0.1, 0.2], [-0.1, 0.4]]) * [1, side]
    motion = kinematics_of(trajectory, STEP_S, EgoState(0.0))
    turns_rad = side * 0.26 * np.hypot([0.1, 0.2], [0.2, 0.2])
    np.testing.assert_allclose(motion.heading_rad, [turns_rad[0], turns_rad[0] - turns_rad[1]])


def test_a_slow_turn_that_the_vehicle_can_drive_keeps_the_direction_of_its_chords():
    motion = kinematics_of(circle(0.8, 4.0), STEP_S, EgoState(0.8, 0.0, 0.2))
    np.testing.assert_allclose(motion.heading_rad, 0.1 * np.arange(6) + 0.05)


def test_a_long_step_points_where_it_goes_however_far_the_vehicle_turns():
    motion = kinematics_of(np.array([[0.6, 0.9], [0.6, 2.4]]), STEP_S, EgoState(2.0))
    np.testing.assert_allclose(motion.heading_rad, [np.arctan2(0.9, 0.6), np.pi / 2])


def test_the_turn_from_359_to_1_degrees_is_no_spin():
    motion = kinematics_of(circle(10.0, 4.0, waypoints=12), STEP_S, EgoState(10.0, 0.0, 2.5))
    np.testing.assert_allclose(np.diff(motion.heading_rad), 1.25)


@pytest.mark.parametrize(
    ("name", "trajectory", "speed_mps", "value", "limit"),
    [
        ("speed", straight(30.0), 30.0, 30.0, 25.0),
        ("longitudinal_acceleration", straight(16.0, -5.0), 16.0, -5.0, -4.05),
        ("longitudinal_acceleration", straight(2.0, 4.0), 2.0, 4.0, 3.5),
        ("curvature", circle(3.0, 3.0), 3.0, 1 / 3, 0.26),
        ("yaw_rate", circle(4.0, 4.0), 4.0, 1.0, 0.95),
    ],
)
def test_a_value_past_its_limit_fails_its_check(name, trajectory, speed_mps, value, limit):
    check = judge(trajectory, speed_mps)[name]
    assert (check.status, check.limit) == ("failed", limit)
    assert check.value == pytest.approx(value)
    assert check.excess == pytest.approx(value / limit - 1)


def test_a_sudden_swerve_fails_lateral_acceleration_and_jerk():
    swerve = straight(15.0)
    swerve[2:, 1] = 2.5
    failed = {check.name for check in judge(swerve, 15.0).failed}
    assert {"lateral_acceleration", "jerk"} <= failed


def test_a_trajectory_that_jumps_away_from_the_present_speed_fails():
    assert judge(straight(10.0), 5.0)["longitudinal_acceleration"].value == pytest.approx(5.0 / 0.25)


def test_jerk_of_a_single_waypoint_cannot_be_checked():
    assert judge(straight(5.0, waypoints=1), 5.0)["jerk"].status == "not_checked"


@settings(max_examples=50, deadline=None)
@given(SPEEDS)
def test_constant_speed_straight_ahead_passes_every_check(speed_mps):
    assert judge(straight(speed_mps), speed_mps).safe


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-60, 60), st.floats(-60, 60)), min_size=2, max_size=8), st.floats(-20, 20))
def test_any_motion_is_finite_and_its_mirror_image_has_the_same_values(waypoints, speed_mps):
    trajectory = np.array(waypoints)
    motion = kinematics_of(trajectory, STEP_S, EgoState(speed_mps, 0.5, 0.1))
    mirrored = kinematics_of(trajectory * [1, -1], STEP_S, EgoState(speed_mps, 0.5, -0.1))
    for name, sign in [("speed_mps", 1), ("jerk_mps3", 1), ("curvature_1pm", -1), ("lateral_acceleration_mps2", -1)]:
        values = getattr(motion, name)
        assert np.isfinite(values).all()
        np.testing.assert_allclose(values, sign * getattr(mirrored, name), atol=1e-6)
