import numpy as np
import pytest

from llm_service.verifier.drivable_area import MOST_MENDED_POINTS, DrivableRegion
from tests.llm_service.verifier.scenes import FRONT_M, judge, rectangle, road, straight
from waymend.agents import DrivableArea
from waymend.errors import InvalidField


def check(trajectory, speed_mps, *areas):
    return judge(trajectory, speed_mps, areas=areas)["drivable_area"]


def test_staying_on_the_road_passes():
    result = check(straight(10.0), 10.0, road())
    assert (result.status, result.value, result.time_s) == ("passed", 0.0, None)


def test_driving_off_the_end_of_the_road_fails_by_what_the_bumper_reaches_past_it():
    result = check(straight(10.0), 10.0, DrivableArea(rectangle(-20, 30, -4, 4)))
    assert (result.status, result.time_s) == ("failed", 3.0)
    assert result.value == pytest.approx(FRONT_M)


def test_a_side_within_the_tolerance_passes_and_past_it_fails():
    left_m = 1.73 / 2
    within = check(straight(10.0), 10.0, DrivableArea(rectangle(-20, 100, -4, left_m - 0.2)))
    assert (within.status, within.value) == ("passed", pytest.approx(0.2, abs=1e-6))
    past = check(straight(10.0), 10.0, DrivableArea(rectangle(-20, 100, -4, left_m - 0.4)))
    assert (past.status, past.value) == ("failed", pytest.approx(0.4, abs=1e-6))


def test_driving_over_a_hole_such_as_an_island_fails():
    island = rectangle(15, 25, -3, 3)
    assert check(straight(10.0), 10.0, road(island)).status == "failed"


def test_an_island_between_the_wheels_fails():
    """4 m long and 1.6 m wide, in the middle of the lane: no corner of the vehicle, 1.73 m wide, touches it."""
    result = check(straight(10.0), 10.0, road(rectangle(15, 19, -0.8, 0.8)))
    assert (result.status, result.value) == ("failed", pytest.approx(0.8))


def test_an_island_outside_the_vehicle_s_track_is_passed():
    assert check(straight(10.0), 10.0, road(rectangle(15, 19, 0.9, 2.5))).status == "passed"


def test_wholly_outside_the_farthest_corner_is_told():
    result = check(straight(10.0), 10.0, DrivableArea(rectangle(-20, 100, 5, 8)))
    assert (result.status, result.value) == ("failed", pytest.approx(5 + 1.73 / 2))


def test_a_hole_that_another_area_covers_is_road():
    island = rectangle(15, 25, -3, 3)
    assert check(straight(10.0), 10.0, road(island), DrivableArea(rectangle(14, 26, -3.5, 3.5))).status == "passed"


def test_leaving_and_coming_back_between_waypoints_fails():
    """A gap from 16 to 18.5 m: every waypoint's box, 5 m apart, has its corners on road."""
    areas = (DrivableArea(rectangle(-20, 13.9, -4, 4)), DrivableArea(rectangle(17.2, 100, -4, 4)))
    assert check(straight(10.0), 10.0, *areas).status == "failed"


def test_no_areas_means_not_checked():
    assert check(straight(10.0), 10.0).status == "not_checked"


def test_the_distance_is_to_the_nearest_edge_of_any_ring():
    region = DrivableRegion.of([road(rectangle(10, 20, -2, 2))])
    points = np.array([[0.0, 0.0], [0.0, 5.5], [11.0, 0.5], [103.0, 8.0]])
    np.testing.assert_allclose(region.outside_m(points), [0.0, 1.5, 1.0, 5.0])


def test_a_ring_that_crosses_itself_is_mended():
    bow_tie = np.array([[0, -4], [10, 4], [10, -4], [0, 4]], np.float32)
    outside_m = DrivableRegion.of([DrivableArea(bow_tie)]).outside_m(np.array([[9.0, 0.0], [5.0, 3.0]]))
    np.testing.assert_allclose(outside_m, [0.0, 3.0 / np.hypot(1.0, 0.8)])


def test_a_spike_is_no_road():
    spiked = np.array([[-5, -5], [50, -5], [50, 5], [60, 5], [50, 5], [-5, 5]], np.float32)
    points = np.array([[49.0, 4.0], [55.0, 5.0], [0.0, -8.0]])
    np.testing.assert_allclose(DrivableRegion.of([DrivableArea(spiked)]).outside_m(points), [0.0, 5.0, 3.0])


@pytest.mark.parametrize("ring", [np.array([[0, 0], [10, 0], [20, 0]]), np.zeros((3, 2))])
def test_a_ring_without_an_area_adds_nothing_and_alone_is_refused(ring):
    flat = DrivableArea(ring.astype(np.float32))
    with pytest.raises(InvalidField, match="drivable_areas: expected polygons with an area"):
        DrivableRegion.of([flat])
    np.testing.assert_allclose(DrivableRegion.of([flat, road()]).outside_m(np.array([[5.0, 6.0]])), 2.0)


def test_only_small_rings_are_mended():
    """A star drawn in one line, of as many points as are mended and of two more."""
    DrivableRegion.of([DrivableArea(_star(MOST_MENDED_POINTS - 1))])
    with pytest.raises(InvalidField, match=r"drivable_areas\[1\].*33 points"):
        DrivableRegion.of([road(), DrivableArea(_star(MOST_MENDED_POINTS + 1))])


def test_a_sound_ring_may_have_many_points():
    angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    disc = DrivableArea(10.0 * np.stack((np.cos(angle), np.sin(angle)), axis=1))
    assert DrivableRegion.of([disc]).outside_m(np.array([[0.0, 12.0]])) == pytest.approx(2.0, abs=1e-3)


def _star(points: int):
    angle = np.arange(points) * np.pi * (points - 1) / points
    return 20.0 * np.stack((np.cos(angle), np.sin(angle)), axis=1)


@pytest.mark.parametrize("ring", [np.zeros((2, 2)), np.array([[0, 0], [1, 0], [1, np.nan]]), np.zeros((4, 3))])
def test_a_broken_ring_is_refused_by_its_index(ring):
    with pytest.raises(InvalidField, match=r"drivable_areas\[1\]"):
        DrivableRegion.of([road(), DrivableArea(ring)])
