import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_service.verifier.collision import contacts_of
from llm_service.verifier.forecast import AgentForecast
from llm_service.verifier.limits import EgoDimensions
from llm_service.verifier.path import EgoPath, box_corners
from tests.llm_service.verifier.scenes import FRONT_M, car, circle, judge, straight
from waymend.errors import InvalidField


def test_the_forecast_moves_the_box_and_keeps_its_heading():
    forecast = AgentForecast.of([car(10.0, 5.0, velocity=(0.0, -2.0), yaw_rad=np.pi / 2)])
    expected = shapely.box(9.0, 0.0, 11.0, 4.0)
    assert forecast.polygons_at(1.5)[0].symmetric_difference(expected).area < 1e-9


def test_a_car_standing_ahead_is_hit_when_the_front_bumper_reaches_it():
    rear_bumper_m = 23.0 - 2.0
    check = judge(straight(10.0), 10.0, [car(23.0)])["collision"]
    assert (check.status, check.value, check.subject) == ("failed", 1.0, "car-1")
    reached_s = (rear_bumper_m - FRONT_M) / 10.0
    assert reached_s - 0.1 <= check.time_s <= reached_s


def test_stopping_short_of_the_car_ahead_is_no_collision():
    assert judge(straight(6.0, -2.0), 6.0, [car(20.0)])["collision"].status == "passed"


def test_a_car_ahead_that_drives_as_fast_is_not_hit():
    assert judge(straight(10.0), 10.0, [car(10.0, velocity=(10.0, 0.0))])["collision"].status == "passed"


@pytest.mark.parametrize("velocity_mps", [10.0, 0.0, -20.0])
def test_traffic_in_the_next_lane_is_not_hit(velocity_mps):
    beside = [car(20.0, 3.5, (velocity_mps, 0.0)), car(0.0, -3.5, (velocity_mps, 0.0), track_id="car-2")]
    assert judge(straight(10.0), 10.0, beside)["collision"].status == "passed"


def test_a_crossing_agent_too_fast_for_any_sampling_is_hit():
    bullet = car(4.0, 55.0, (0.0, -200.0), length_m=0.5, width_m=0.5)  # 20 m per substep through a 1.7 m wide car
    check = judge(straight(10.0), 10.0, [bullet])["collision"]
    assert check.status == "failed"
    assert check.time_s == pytest.approx(0.2)


def test_a_thin_barrier_between_two_waypoints_is_hit():
    barrier = car(40.0, length_m=0.05, width_m=2.0)
    assert judge(straight(24.0), 24.0, [barrier])["collision"].status == "failed"


def test_the_outer_front_corner_sweeps_wide_in_a_turn():
    """On R = 6 m the rear axle's circle stays 5.1 m from its centre, the outer front corner reaches 7.7 m."""
    angle = np.radians(45.0)
    x_m, y_m = 7.5 * np.sin(angle), 6.0 - 7.5 * np.cos(angle)
    post = car(x_m, y_m, length_m=0.1, width_m=0.1)
    assert judge(circle(4.0, 6.0), 4.0, [post], yaw_rate_radps=4 / 6)["collision"].status == "failed"
    inside_m = 5.0
    post = car(inside_m * np.sin(angle), 6.0 - inside_m * np.cos(angle), length_m=0.1, width_m=0.1)
    assert judge(circle(4.0, 6.0), 4.0, [post], yaw_rate_radps=4 / 6)["collision"].status == "passed"


def test_a_box_on_the_vehicle_itself_is_ignored_until_the_two_have_parted():
    assert judge(straight(5.0), 5.0, [car(1.0, velocity=(5.0, 0.0))])["collision"].status == "passed"
    assert judge(straight(0.0), 0.0, [car(4.5)])["collision"].status == "passed"
    leaves_at_8_mps = car(4.5, velocity=(8.0, 0.0))
    caught_up = np.stack((np.array([1.0, 3.0, 8.0, 20.0, 32.0, 44.0]), np.zeros(6)), axis=1)
    assert judge(straight(5.0), 5.0, [leaves_at_8_mps])["collision"].status == "passed"
    assert judge(caught_up, 5.0, [leaves_at_8_mps])["collision"].status == "failed"


def test_a_follower_brakes_but_reversing_into_it_counts():
    follower = car(-8.0, 0.3, (4.0, 0.0))
    assert judge(straight(0.0), 0.0, [follower])["collision"].status == "passed"
    assert judge(straight(-2.0), -2.0, [follower])["collision"].status == "failed"


def test_a_hard_stop_is_no_reversing():
    """The spline through these waypoints swings past the last one and back by more than 0.1 m."""
    stop = np.stack((np.array([3.0, 4.5, 4.5, 4.5, 4.5, 4.5]), np.zeros(6)), axis=1)
    follower = car(-8.0, velocity=(7.0, 0.0))
    assert judge(stop, 7.0, [follower])["collision"].status == "passed"
    stop[2:, 0] = [4.3, 4.0, 3.6, 3.2]
    assert judge(stop, 7.0, [follower])["collision"].status == "failed"


def test_a_standing_vehicle_that_shifts_aside_does_not_swing_its_front_into_a_parked_car():
    parked = car(1.4, 2.2, width_m=1.6)
    assert judge(np.full((6, 2), [0.02, 0.12]), 0.0, [parked])["collision"].status == "passed"


def test_a_faster_car_in_the_next_lane_is_hit_by_cutting_in_front_of_it():
    cut_in = straight(8.0)
    cut_in[:, 1] = [0.6, 1.6, 2.6, 3.3, 3.5, 3.5]
    assert judge(cut_in, 8.0, [car(-12.0, 3.5, (14.0, 0.0))])["collision"].status == "failed"


def test_the_earliest_of_several_contacts_is_told():
    agents = [car(28.0, track_id="far"), car(16.0, track_id="near"), car(50.0, 30.0, track_id="aside")]
    check = judge(straight(10.0), 10.0, agents)["collision"]
    assert (check.value, check.subject) == (2.0, "near")


def test_an_untracked_agent_is_told_by_its_class():
    assert judge(straight(10.0), 10.0, [car(16.0, track_id="")])["collision"].subject == "car"


def test_unknown_agents_are_not_checked():
    assert judge(straight(10.0), 10.0, None)["collision"].status == "not_checked"


@pytest.mark.parametrize("box", [car(float("nan")), car(10.0, velocity=(float("inf"), 0.0)), car(10.0, width_m=0.0)])
def test_a_broken_box_is_refused_by_its_index(box):
    with pytest.raises(InvalidField, match=r"agents\[1\]"):
        AgentForecast.of([car(5.0), box])


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-np.pi, np.pi),
    st.floats(-50, 50),
    st.floats(-50, 50),
    st.floats(-9, 9),
    st.floats(-9, 9),
    st.floats(-3, 3),
)
def test_contacts_do_not_depend_on_the_frame(turn_rad, shift_x, shift_y, y_m, side_mps, yaw_rad):
    """The sweep of a straight path, seen from a frame that is turned and shifted."""
    times_s = np.linspace(0.0, 3.0, 31)
    axle, heading = np.stack((10.0 * times_s, 0.0 * times_s), axis=1), np.zeros(31)
    agents = [car(18.0, y_m, (-3.0, side_mps), yaw_rad)]
    cos, sin = np.cos(turn_rad), np.sin(turn_rad)
    rotation = np.array([[cos, sin], [-sin, cos]])
    center, velocity = np.array([18.0, y_m]) @ rotation, np.array([-3.0, side_mps]) @ rotation
    moved = car(center[0] + shift_x, center[1] + shift_y, tuple(velocity), yaw_rad + turn_rad)
    here = _sweep(axle, heading, times_s, agents)
    there = _sweep(axle @ rotation + [shift_x, shift_y], heading + turn_rad, times_s, [moved])
    assert here == there or abs(_clearance_m(axle, heading, times_s, agents)) < 1e-6


def _sweep(axle, heading, times_s, agents):
    path = EgoPath(times_s, axle, heading, box_corners(axle, heading, EgoDimensions()))
    return [contact.time_s for contact in contacts_of(path, AgentForecast.of(agents))]


def _clearance_m(axle, heading, times_s, agents):
    boxes = shapely.polygons(box_corners(axle, heading, EgoDimensions()))
    forecast = AgentForecast.of(agents)
    return min(float(box.distance(forecast.polygons_at(t)[0])) for box, t in zip(boxes, times_s, strict=True))


@settings(max_examples=60, deadline=None)
@given(st.floats(8, 40), st.floats(-8, 8), st.floats(-12, 12), st.floats(-12, 12), st.floats(-3, 3))
def test_the_sweep_finds_the_contacts_that_dense_sampling_finds_and_no_others(x_m, y_m, along_mps, side_mps, yaw_rad):
    agents = [car(x_m, y_m, (along_mps, side_mps), yaw_rad)]
    times_s = np.linspace(0.0, 3.0, 301)
    axle, heading = np.stack((10.0 * times_s, 0.0 * times_s), axis=1), np.zeros(301)
    boxes = shapely.polygons(box_corners(axle, heading, EgoDimensions()))
    forecast = AgentForecast.of(agents)
    gaps_m = np.array([box.distance(forecast.polygons_at(t)[0]) for box, t in zip(boxes, times_s, strict=True)])
    check = judge(straight(10.0), 10.0, agents)["collision"]
    if (gaps_m == 0).any():
        assert check.status == "failed"
        assert check.time_s <= times_s[gaps_m.argmin()] + 1e-9
    if check.status == "failed":
        assert gaps_m.min() < 0.26  # what the fastest of these agents closes in between two samples
