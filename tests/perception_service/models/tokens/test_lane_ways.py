"""Ways along lanes, on small maps."""

import numpy as np
import pytest

from perception_service.models.tokens.lane_ways import STATIONS_M, TURNS, lane_ways
from waymend.agents import Polyline


def lane(*points):
    return Polyline("lane_centerline", np.array(points, np.float32))


def arc(start, heading, radius_m, turn_rad, count=20):
    """A lane that turns by an angle, to the left where it is positive."""
    side = np.sign(turn_rad)
    angles = np.linspace(0.0, turn_rad, count)
    centre = np.array(start) + side * radius_m * np.array([-np.sin(heading), np.cos(heading)])
    return lane(*(centre + side * radius_m * np.stack((np.sin(heading + angles), -np.cos(heading + angles)), 1)))


CROSSROADS = (
    lane([-30, 0.5], [10, 0.5]),
    lane([10, 0.5], [30, 0.5]),
    arc([10, 0.5], 0.0, 12.0, np.pi / 2),
    arc([10, 0.5], 0.0, 8.0, -np.pi / 2),
    lane([30, 0.5], [150, 0.5]),
)


def test_without_lanes_a_way_leads_straight_on():
    for way in lane_ways([Polyline("road_boundary", np.array([[0, 1], [9, 1]], np.float32))]):
        assert not way.on_lane
        np.testing.assert_array_equal(way.points_m, np.stack((STATIONS_M, np.zeros_like(STATIONS_M)), 1))


def test_each_turn_takes_its_lane():
    left, straight, right = lane_ways(CROSSROADS)
    assert left.points_m[-1] == pytest.approx([22.0, 100.0], abs=10.0)
    assert straight.points_m[-1] == pytest.approx([120.0, 0.5], abs=0.1)
    assert right.points_m[-1] == pytest.approx([18.0, -100.0], abs=10.0)
    assert left.headings_rad[-1] == pytest.approx(np.pi / 2, abs=0.05)
    assert right.headings_rad[-1] == pytest.approx(-np.pi / 2, abs=0.05)
    assert len(TURNS) == 3


def test_a_way_begins_at_the_vehicle_and_comes_to_the_middle_of_its_lane():
    way = lane_ways([lane([-20, 1.2], [200, 1.2])])[1]
    assert way.on_lane
    assert (way.offset_m, way.heading_rad) == (pytest.approx(1.2), 0.0)
    np.testing.assert_allclose(way.points_m[0], 0.0, atol=1e-9)
    np.testing.assert_allclose(way.points_m[60], [60.0, 1.2], atol=0.03)


@pytest.mark.parametrize("other", [lane([50, 0], [-50, 0]), lane([0, -30], [0, 30]), lane([-5, 4], [60, 4])])
def test_oncoming_crossing_and_distant_lanes_are_not_the_vehicle_s(other):
    assert not lane_ways([other])[0].on_lane


def test_a_lane_that_begins_elsewhere_does_not_follow():
    apart = lane_ways([lane([-5, 0], [20, 0]), lane([20, 3], [60, 40])])[0]
    np.testing.assert_allclose(apart.points_m[:, 1], 0.0, atol=1e-9)


def test_lanes_in_a_ring_end():
    ring = [arc([0, 0], 0.0, 9.0, np.pi), arc([0, 18], np.pi, 9.0, np.pi)]
    way = lane_ways(ring)[1]
    assert np.isfinite(way.points_m).all()
    assert way.headings_rad[-1] == pytest.approx(2 * np.pi, abs=0.3)


def test_points_that_repeat_and_lanes_of_one_point_do_no_harm():
    way = lane_ways([lane([3, 0]), lane([-5, 0], [-5, 0], [30, 0], [30, 0])])[0]
    assert way.on_lane
    assert np.isfinite(way.points_m).all()


def test_between_points_a_way_is_straight():
    way = lane_ways([lane([-20, 0], [200, 0])])[1]
    np.testing.assert_allclose(way.at(np.array([0.25, 7.5, 500.0])), [[0.25, 0], [7.5, 0], [120.0, 0]], atol=1e-9)
