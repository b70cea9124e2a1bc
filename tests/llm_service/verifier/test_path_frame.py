import numpy as np
import pytest

from llm_service.verifier.path_frame import PathFrame

CORNER = PathFrame.extended(np.array([[10.0, 0.0], [10.0, 10.0]]))
"""10 m ahead, then left."""


@pytest.mark.parametrize(
    ("point_m", "along_m", "left_m"),
    [
        ((4.0, 1.0), 4.0, 1.0),
        ((4.0, -1.0), 4.0, -1.0),
        ((-3.0, 2.0), -3.0, 2.0),
        ((9.0, 5.0), 15.0, 1.0),
        ((12.0, 25.0), 35.0, -2.0),
    ],
)
def test_a_point_is_located_along_the_path_and_to_its_left(point_m, along_m, left_m):
    assert CORNER.locate(np.array([point_m]))[0] == pytest.approx([along_m, left_m])


def test_a_path_without_points_is_the_x_axis():
    axis = PathFrame.extended(np.empty((0, 2)))
    assert axis.locate(np.array([[7.0, -2.0], [-7.0, 3.0]])) == pytest.approx(np.array([[7.0, -2.0], [-7.0, 3.0]]))


def test_points_that_repeat_are_left_out():
    line = PathFrame.of_line(np.array([[0.0, 0.0], [0.0, 0.0], [5.0, 0.0], [5.0, 0.0]]))
    assert line.points_m.tolist() == [[0.0, 0.0], [5.0, 0.0]]
    assert line.along_m.tolist() == [0.0, 5.0]


@pytest.mark.parametrize(("along_m", "heading_rad"), [(-5.0, 0.0), (3.0, 0.0), (12.0, np.pi / 2), (90.0, np.pi / 2)])
def test_the_line_has_a_direction_everywhere(along_m, heading_rad):
    assert CORNER.heading_rad(along_m) == pytest.approx(heading_rad)
