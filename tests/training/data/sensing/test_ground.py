"""The painted ground shows the road map."""

import numpy as np
import pytest
import shapely

from tests.training.data.straight_drive import street
from training.data.drives.road_map import Divider, LineColor, RoadMap
from training.data.sensing.ground_painting import paint_ground
from training.data.sensing.ground_texture import GroundTexture
from training.rendering.materials import linear_rgb

FINE_M = 0.05


@pytest.fixture(scope="module")
def ground():
    return paint_ground(street(), shapely.box(-50, -40, 150, 40))


def color_at(ground, x, y, blur_m=FINE_M):
    albedo, reflectivity = ground.paint(np.array([[x, y, 0.0]]), np.array([blur_m]))
    return albedo[0], reflectivity[0]


def is_about(albedo, hexadecimal, share=0.5):
    """Equal in hue, and in brightness but for stains and wear."""
    expected = linear_rgb(hexadecimal)
    ratio = albedo / expected
    return np.ptp(ratio) < 0.15 and abs(ratio.mean() - 1) < share


@pytest.mark.parametrize(
    ("x", "y", "surface"),
    [(30.0, -1.75, "#5c5e61"), (30.0, 20.0, "#5a6f38"), (30.0, 7.5, "#9b968c"), (118.2, -1.7, "#d8d8d2")],
    ids=["asphalt", "grass", "pavement", "stop line"],
)
def test_each_surface_has_its_colour(ground, x, y, surface):
    assert is_about(color_at(ground, x, y)[0], surface, share=0.85)


def test_paint_returns_more_laser_light_than_asphalt(ground):
    assert color_at(ground, 118.2, -1.7)[1] > 3 * color_at(ground, 30.0, -1.75)[1]


def test_a_double_yellow_line_has_a_gap(ground):
    across = np.array([color_at(ground, 30.0, y)[0] for y in np.arange(-0.5, 0.5, 0.02)])
    yellow = across[:, 0] > 2 * across[:, 2]
    changes = np.count_nonzero(np.diff(yellow))
    assert changes == 4


def test_a_dashed_line_is_painted_a_third_of_the_way(ground):
    stations = np.arange(-40.0, 140.0, 0.25)
    points = np.stack([stations, np.full(len(stations), -3.5), np.zeros(len(stations))], axis=1)
    _, reflectivity = ground.paint(points, np.full(len(points), FINE_M))
    assert (reflectivity > 0.3).mean() == pytest.approx(1 / 3, abs=0.05)


def test_a_zebra_crossing_has_stripes_along_the_traffic(ground):
    across = np.array([color_at(ground, 122.0, y)[1] for y in np.arange(-5.9, 5.9, 0.05)])
    assert (across > 0.3).mean() == pytest.approx(0.5, abs=0.12)
    along = np.array([color_at(ground, x, -5.25)[1] for x in np.arange(120.2, 123.8, 0.1)])
    assert np.ptp(along) < 0.05


def test_holes_of_the_road_stay_green():
    island = shapely.Point(0, 0).buffer(20).difference(shapely.Point(0, 0).buffer(8))
    road_map = RoadMap(lanes=(), drivable=shapely.MultiPolygon([island]))
    ground = paint_ground(road_map, shapely.box(-40, -40, 40, 40))
    assert is_about(color_at(ground, 0.0, 0.0)[0], "#5a6f38", share=0.85)
    assert is_about(color_at(ground, 14.0, 0.0)[0], "#5c5e61")


def test_lines_without_paint_are_not_seen():
    line = np.array([[-30.0, 0.0], [30.0, 0.0]])
    road = shapely.MultiPolygon([shapely.box(-40, -10, 40, 10)])
    road_map = RoadMap(lanes=(), drivable=road, dividers=(Divider(line, LineColor.NONE),))
    ground = paint_ground(road_map, shapely.box(-40, -40, 40, 40))
    assert is_about(color_at(ground, 0.0, 0.0)[0], "#5c5e61")


def test_from_afar_colours_average():
    checkers = np.zeros((64, 64, 4), np.uint8)
    checkers[::2, ::2] = checkers[1::2, 1::2] = 200
    ground = GroundTexture(checkers, (0.0, 0.0), 1.0)
    assert color_at(ground, 3.5, 3.5, blur_m=1.0)[0].tolist() == [200 / 255] * 3
    assert color_at(ground, 3.5, 3.5, blur_m=8.0)[0] == pytest.approx(100 / 255)


def test_beyond_the_edge_the_edge_goes_on(ground):
    np.testing.assert_array_equal(color_at(ground, 30.0, 500.0)[0], color_at(ground, 30.0, 40.05)[0])
