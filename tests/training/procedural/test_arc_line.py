"""A line of arcs is exact: offsets are parallel, and stations and offsets can be read back."""

import numpy as np
import pytest

from training.procedural.arc_line import ArcLine

LINE = ArcLine((3.0, -2.0, 0.4), [(30.0, 0.0), (40.0, 0.01), (25.0, -0.02), (10.0, 0.0)])


def test_a_quarter_circle_ends_where_geometry_says():
    line = ArcLine((0.0, 0.0, 0.0), [(50.0 * np.pi, 0.01)])
    assert line.poses(line.length_m)[0] == pytest.approx([100.0, 100.0, np.pi / 2])


@pytest.mark.parametrize("offset_m", [-6.0, 0.0, 4.5])
def test_stations_and_offsets_are_read_back(offset_m):
    stations = np.linspace(-15.0, LINE.length_m + 15.0, 200)
    found_station, found_offset = LINE.locate(LINE.points(stations, offset_m))
    np.testing.assert_allclose(found_station, stations, atol=1e-6)
    np.testing.assert_allclose(found_offset, offset_m, atol=1e-6)


def test_an_offset_line_is_parallel():
    parallel = LINE.offset(3.0)
    _, offsets = LINE.locate(parallel.poses(np.linspace(0, parallel.length_m, 100))[:, :2])
    np.testing.assert_allclose(offsets, 3.0, atol=1e-9)


def test_a_reversed_line_runs_back_to_the_start():
    x, y, heading = LINE.reversed().poses(LINE.length_m)[0]
    assert (x, y) == pytest.approx((3.0, -2.0))
    assert np.cos(heading - 0.4) == pytest.approx(-1.0)
