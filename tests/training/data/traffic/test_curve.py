import numpy as np
import pytest

from training.data.traffic.curve import arc, bend, winding


def test_a_bend_of_constant_curvature_is_a_circle() -> None:
    curve = winding((0.0, 0.0, 0.0), [(200.0, 0.02)], ramp_m=1.0)
    assert np.hypot(*(curve.points_m - [0.0, 50.0]).T) == pytest.approx(50.0, abs=1e-3)
    assert curve.headings_rad[-1] == pytest.approx(4.0)


def test_curvature_changes_gradually() -> None:
    curve = winding((0.0, 0.0, 0.0), [(60.0, 0.0), (60.0, 0.04)], ramp_m=12.0)
    assert np.abs(np.diff(curve.curvatures)).max() == pytest.approx(0.04 / 12.0, rel=0.1)


@pytest.mark.parametrize("end", [(20.0, 20.0, np.pi / 2), (15.0, -12.0, -np.pi / 2), (40.0, 3.5, 0.0)])
def test_a_bend_joins_both_poses_in_their_directions(end: tuple[float, float, float]) -> None:
    curve = bend((0.0, 0.0, 0.0), end)
    assert curve.points_m[[0, -1]] == pytest.approx(np.array([[0.0, 0.0], end[:2]]), abs=1e-9)
    assert curve.headings_rad[[0, -1]] == pytest.approx([0.0, end[2]], abs=0.03)


def test_a_square_bend_is_nearly_a_quarter_circle() -> None:
    curve = bend((0.0, 0.0, 0.0), (20.0, 20.0, np.pi / 2))
    assert np.hypot(*(curve.points_m - [0.0, 20.0]).T) == pytest.approx(20.0, abs=0.05)


def test_places_are_found_again() -> None:
    curve = winding((3.0, -2.0, 0.7), [(80.0, 0.0), (60.0, -0.03), (60.0, 0.01)], ramp_m=10.0)
    stations, offsets = np.array([0.3, 47.2, 101.9, 180.0]), np.array([0.0, 2.5, -3.0, 1.0])
    points = np.concatenate([curve.points(s, o) for s, o in zip(stations, offsets, strict=True)])
    found_stations, found_offsets = curve.locate(points)
    assert found_stations == pytest.approx(stations, abs=0.03)
    assert found_offsets == pytest.approx(offsets, abs=0.03)


def test_a_parallel_line_keeps_its_distance_and_a_reversed_one_leads_back() -> None:
    circle = arc((0.0, 0.0), 30.0, 0.0, 3.0)
    assert np.hypot(*circle.offset(4.0).points_m.T) == pytest.approx(26.0)
    back = circle.reversed()
    assert back.points_m[0] == pytest.approx(circle.points_m[-1])
    assert np.cos(back.headings_rad[0] - circle.headings_rad[-1]) == pytest.approx(-1.0)
