"""What the ways ahead demand, on small scenes whose numbers are known."""

from dataclasses import replace

import numpy as np
import pytest

from perception_service.models.tokens.way_features import (
    LANE_NUMBERS,
    WAY_FEATURES,
    WAY_NUMBERS,
    IntelligentDriver,
    way_features,
)
from waymend import ego_vehicle
from waymend.agents import Polyline
from waymend.trajectory import EgoState

LANE = Polyline("lane_centerline", np.array([[-20, 0], [200, 0]], np.float32))
SPEED_MPS = 8.0
LEAD, ENTERING, STOP, KEPT, FOLLOWED = slice(0, 5), slice(5, 9), 9, slice(10, 22), slice(22, 34)


def straight(agents=(), polylines=(LANE,), state=EgoState(SPEED_MPS)):  # noqa: B008
    """The numbers of the way straight on."""
    numbers = way_features(state, agents, polylines)
    assert numbers.shape == (WAY_FEATURES,)
    return numbers[LANE_NUMBERS + WAY_NUMBERS : LANE_NUMBERS + 2 * WAY_NUMBERS]


@pytest.fixture
def car(make_agent):
    def at(x_m, y_m=0.0, velocity=(0.0, 0.0)):
        return replace(make_agent(x_m, y_m), length_m=4.0, width_m=2.0, yaw_rad=0.0, velocity_ego_mps=velocity)

    return at


def test_an_unknown_motion_gives_zeros(car):
    assert not way_features(None, [car(20.0)], [LANE]).any()


def test_the_lane_is_told_first():
    lane = Polyline("lane_centerline", np.array([[-20, 0.8], [200, 0.8]], np.float32))
    assert way_features(EgoState(5.0), [], [lane])[:LANE_NUMBERS] == pytest.approx([1.0, 0.8, 0.0])


def test_the_nearest_agent_in_the_way_leads(car):
    agents = [car(40.0, 0.0, (2.0, 0.0)), car(30.0, 0.5, (6.0, 0.0)), car(12.0, 3.5), car(-8.0)]
    gap_m = 30.0 - 2.0 - ego_vehicle.REAR_AXLE_TO_FRONT_M
    expected = [1.0, gap_m / 20, 6.0 / 10, (6.0 - SPEED_MPS) / 5, gap_m / SPEED_MPS / 3]
    assert straight(agents)[LEAD] == pytest.approx(expected, abs=0.03)


def test_without_a_lead_the_way_is_free(car):
    assert straight([car(12.0, 3.5), car(-8.0)])[LEAD] == pytest.approx([0.0, 3.0, 0.0, 0.0, 2.0])


def test_who_moves_towards_the_way_is_told(car):
    walker = car(20.0, -6.0, (0.0, 2.0))
    gap_m = 20.0 - 2.0 - ego_vehicle.REAR_AXLE_TO_FRONT_M
    assert straight([walker])[ENTERING] == pytest.approx([gap_m / 20, 3.0 / 4, 0.0, 1.0], abs=0.01)
    leaving = car(20.0, -6.0, (0.0, -2.0))
    assert straight([leaving])[ENTERING] == pytest.approx([3.0, 1.0, 0.0, 0.0])


def test_the_next_stop_line_counts_from_the_front():
    line = Polyline("stop_line", np.array([[25, -2], [25, 2]], np.float32))
    behind = Polyline("stop_line", np.array([[-5, -2], [-5, 2]], np.float32))
    assert straight(polylines=[LANE, line, behind])[STOP] * 20 == pytest.approx(25.0 - ego_vehicle.REAR_AXLE_TO_FRONT_M)
    assert straight(polylines=[LANE, behind])[STOP] == 3.0


def test_keeping_on_along_a_straight_lane_is_no_deviation():
    np.testing.assert_allclose(straight()[KEPT], 0.0, atol=1e-9)


def test_a_braking_vehicle_stops_and_stays():
    kept = straight(state=EgoState(4.0, -4.0))[KEPT].reshape(6, 2) * 4.0
    assert kept[-1] == pytest.approx([2.0 - 12.0, 0.0])


def test_behind_a_standing_agent_the_vehicle_falls_back(car):
    followed = straight([car(22.0)])[FOLLOWED].reshape(6, 2) * 4.0
    assert (np.diff(followed[:, 0]) < 0).all()
    front_m = SPEED_MPS * 3.0 + followed[-1, 0] + ego_vehicle.REAR_AXLE_TO_FRONT_M
    assert front_m < 22.0 - 2.0


def test_numbers_stay_within_bounds(car):
    numbers = way_features(EgoState(60.0, 9.0), [car(5.5, 0.0, (-90.0, 0.0))], [LANE])
    assert np.isfinite(numbers).all()
    assert np.abs(numbers).max() <= 5.0


def test_the_intelligent_driver_keeps_its_time_gap():
    """Behind a lead of its own speed at the model's own distance, nothing changes: Treiber et al., equation 6."""
    driver, speed = IntelligentDriver(), 12.0
    wanted = driver.jam_gap_m + driver.time_gap_s * speed
    gap_m = wanted / np.sqrt(1 - (speed / (speed + 1.0)) ** 4)
    np.testing.assert_allclose(
        driver.progress_m(speed, 0.0, gap_m, speed), speed * np.arange(0.5, 3.01, 0.5), rtol=1e-3
    )
