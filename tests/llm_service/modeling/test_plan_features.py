"""Plan features against values worked out by hand."""

import numpy as np
import pytest

from llm_service.modeling.plan_features import (
    EGO_FIELDS,
    WAYPOINT_FIELDS,
    constant_turn_rate_and_acceleration,
    constant_velocity,
    plan_features,
    plan_width,
)
from waymend.trajectory import EgoState

PROPOSAL_EGO_M = np.array([[2.0, 0.0], [5.0, 1.0]])
BRAKING = EgoState(speed_mps=4.0, acceleration_mps2=-1.5, yaw_rate_radps=0.0)


def of_waypoints(features: np.ndarray, name: str) -> list[float]:
    """A field at each of the two waypoints."""
    rows = features[0, : 2 * len(WAYPOINT_FIELDS)].reshape(2, -1)
    return rows[:, WAYPOINT_FIELDS.index(name)].tolist()


def of_ego(features: np.ndarray, name: str) -> float:
    return features[0, 2 * len(WAYPOINT_FIELDS) + EGO_FIELDS.index(name)]


def test_one_token_holds_scaled_positions_velocities_and_differences_of_all_waypoints():
    features = plan_features(PROPOSAL_EGO_M, 0.5, BRAKING, "right")
    assert features.shape == (1, plan_width(2))
    assert features.dtype == np.float32
    assert of_waypoints(features, "proposal_x") == pytest.approx([2 / 20, 5 / 20])
    assert of_waypoints(features, "velocity_x") == pytest.approx([0.4, 0.6])  # 4 and 6 m/s
    assert of_waypoints(features, "velocity_y") == pytest.approx([0, 0.2])
    assert of_waypoints(features, "constant_velocity_x") == pytest.approx([2 / 20, 4 / 20])
    assert of_waypoints(features, "ctra_x") == pytest.approx([1.8125 / 20, 3.25 / 20])  # 4 t - 0.75 t^2
    assert of_waypoints(features, "minus_constant_velocity_x") == pytest.approx([0, 1 / 2])
    assert of_waypoints(features, "minus_ctra_x") == pytest.approx([0.1875 / 2, 1.75 / 2])
    assert of_waypoints(features, "minus_ctra_y") == pytest.approx([0, 1 / 2])


def test_the_token_ends_in_ego_state_and_command():
    features = plan_features(PROPOSAL_EGO_M, 0.5, EgoState(7.0, -1.5, 0.25), "right")
    assert [of_ego(features, name) for name in ("speed", "acceleration", "yaw_rate")] == pytest.approx([0.7, -0.5, 0.5])
    assert [of_ego(features, f"command_{name}") for name in ("left", "right", "straight")] == [0, 1, 0]


def test_a_steady_turn_follows_a_circle():
    speed_mps, yaw_rate_radps = 5.0, 0.4
    times_s = np.array([1.0, 2.0, 3.0])
    positions_m = constant_turn_rate_and_acceleration(EgoState(speed_mps, 0.0, yaw_rate_radps), times_s)
    radius_m = speed_mps / yaw_rate_radps
    expected_m = radius_m * np.stack([np.sin(0.4 * times_s), 1 - np.cos(0.4 * times_s)], axis=1)
    np.testing.assert_allclose(positions_m, expected_m, atol=1e-12)


def test_ctra_agrees_with_integrating_speed_and_heading():
    times_s = np.array([3.0])
    steps = (np.arange(300_000) + 0.5) * 1e-5
    for state in (EgoState(6.0, 1.2, -0.5), EgoState(3.0, 0.4, 9e-5), EgoState(3.0, 0.4, 1.1e-4)):
        speed = state.speed_mps + state.acceleration_mps2 * steps
        heading = state.yaw_rate_radps * steps
        expected_m = [(speed * np.cos(heading)).sum() * 1e-5, (speed * np.sin(heading)).sum() * 1e-5]
        positions_m = constant_turn_rate_and_acceleration(state, times_s)
        np.testing.assert_allclose(positions_m[0], expected_m, atol=1e-5)


@pytest.mark.parametrize("yaw_rate_radps", [0.0, 0.3])
def test_a_braking_vehicle_stops_and_does_not_reverse(yaw_rate_radps):
    state = EgoState(2.0, -2.0, yaw_rate_radps)
    at_stop, later = constant_turn_rate_and_acceleration(state, np.array([1.0, 3.0]))
    np.testing.assert_allclose(later, at_stop)
    assert at_stop[0] == pytest.approx(1.0, abs=0.02)


def test_a_standing_vehicle_stays_where_it_is():
    np.testing.assert_array_equal(constant_velocity(EgoState(0.0), np.array([1.0, 2.0])), np.zeros((2, 2)))
