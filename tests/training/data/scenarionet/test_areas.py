"""Drivable area, crossings, dividers and stop lines."""

from itertools import pairwise

import numpy as np
import pytest
from shapely import MultiPolygon, Point

from tests.training.data.scenarionet.scenario_files import square, waymo_lane
from training.data.drives.road_map import Divider, LineColor
from training.data.scenarionet.areas import read_drivable, read_walkways
from training.data.scenarionet.dividers import read_dividers
from training.data.scenarionet.lanes import read_lanes
from training.data.scenarionet.record import Record
from training.data.scenarionet.stop_lines import read_stop_lines


def _records(features):
    return {name: Record(name, values) for name, values in features.items()}


def _drivable(features):
    records = _records(features)
    return read_drivable(records, read_lanes(records))


def test_outlines_are_nested_by_turns(nuscenes_drive):
    """120 m x 120 m with a hole of 40 m x 40 m, in which lies an island of 20 m x 20 m."""
    drivable = nuscenes_drive.road_map.drivable
    assert isinstance(drivable, MultiPolygon)
    assert drivable.area == pytest.approx(120**2 - 40**2 + 20**2)
    inside = {(1000, 500): True, (1025, 540): False, (1040, 540): True, (1200, 500): False}
    assert {place: drivable.contains(Point(place)) for place in inside} == inside


def test_the_order_of_outlines_does_not_matter():
    rings = [square(0, 0, half) for half in (10.0, 30.0, 20.0)]
    features = {f"boundary_{index}": {"type": "?", "polyline": ring} for index, ring in enumerate(rings)}
    assert _drivable(features).area == pytest.approx(60**2 - 40**2 + 20**2)


def test_without_outlines_lanes_and_driveways_are_drivable(waymo_drive):
    drivable = waymo_drive.road_map.drivable
    inside = {(0, 0): True, (4.5, 13): True, (4.5, 30): False, (8, 30): True, (-8, 30): False}
    assert {place: drivable.contains(Point(place)) for place in inside} == inside
    assert all(drivable.buffer(1e-3).covers(lane.surface) for lane in waymo_drive.road_map.lanes)


def test_gaps_between_lanes_close():
    """Two lanes 3.5 m wide, a gap of 1.5 m between them; from 6 m apart they stay two."""
    for distance_m, parts in ((5.0, 1), (9.5, 2)):
        lines = [np.column_stack([np.arange(21.0), np.full(21, y)]) for y in (0.0, distance_m)]
        unknown = np.zeros((21, 2), np.float32)
        drivable = _drivable({str(i): waymo_lane(line, width=unknown) for i, line in enumerate(lines)})
        assert len(drivable.geoms) == parts


def test_small_holes_close_and_large_ones_stay():
    """Four lanes around a block: 4 m x 4 m is closed, 8 m x 8 m is a block."""
    for inner_m, holes in ((4.0, 0), (8.0, 1)):
        ring = square(0, 0, inner_m / 2 + 1.75)
        lanes = {
            str(index): waymo_lane(np.stack([start, end]), width=np.zeros((2, 2), np.float32))
            for index, (start, end) in enumerate(pairwise(ring))
        }
        assert sum(len(part.interiors) for part in _drivable(lanes).geoms) == holes


def test_crossings_are_read_in_both_spellings(waymo_drive):
    crossings = sorted(waymo_drive.road_map.crossings, key=lambda area: area.bounds)
    assert [area.bounds for area in crossings] == [(-4, 62, 4, 66), (-4, 72, 4, 76)]


def test_walkways_are_read():
    walkways = read_walkways(_records({"w": {"type": "ROAD_EDGE_SIDEWALK", "polygon": square(0, 0, 2.0)}}))
    assert [area.area for area in walkways] == [16.0]


@pytest.mark.parametrize(
    ("kind", "color", "dashed", "double", "divides"),
    [
        ("ROAD_LINE_BROKEN_SINGLE_WHITE", LineColor.WHITE, True, False, False),
        ("ROAD_LINE_SOLID_DOUBLE_WHITE", LineColor.WHITE, False, True, False),
        ("ROAD_LINE_SOLID_SINGLE_YELLOW", LineColor.YELLOW, False, False, True),
        ("ROAD_LINE_BROKEN_DOUBLE_YELLOW", LineColor.YELLOW, True, True, True),
        ("ROAD_LINE_PASSING_DOUBLE_YELLOW", LineColor.YELLOW, False, True, True),
        ("ROAD_LINE_UNKNOWN", LineColor.NONE, False, False, False),
    ],
)
def test_the_paint_of_a_divider(kind, color, dashed, double, divides):
    line = [[0.0, 0.0], [5.0, 0.0], [5.0, 0.0], [9.0, 0.0]]
    (divider,) = read_dividers(_records({"line": {"type": kind, "polyline": line}}))
    assert isinstance(divider, Divider)
    assert (divider.color, divider.dashed, divider.double, divider.divides_directions) == (
        color,
        dashed,
        double,
        divides,
    )
    assert divider.line_m.tolist() == [[0.0, 0.0], [5.0, 0.0], [9.0, 0.0]]


def test_outlines_and_kerbs_are_no_dividers(nuscenes_drive, waymo_drive):
    assert len(nuscenes_drive.road_map.dividers) == 1
    assert len(waymo_drive.road_map.dividers) == 1


def test_a_light_stops_at_the_start_of_its_lane_and_forks_share_the_line(waymo_drive):
    """The lanes 102 and 103 fork at y = 60 m, one 1.6 m wide to the left and 1.9 m to the right."""
    at_light = [line for line in waymo_drive.road_map.stop_lines if line.centroid.x < 3]
    assert len(at_light) == 1
    assert at_light[0].bounds == pytest.approx((-1.6, 60.0, 1.9, 60.4), abs=1e-4)


def test_a_sign_stops_where_its_lane_is_nearest(waymo_drive):
    """The sign stands at x = 11 m, y = 30 m, beside the northward lane at x = 8 m."""
    (at_sign,) = [line for line in waymo_drive.road_map.stop_lines if line.centroid.x > 3]
    assert at_sign.bounds == pytest.approx((6.25, 30.0, 9.75, 30.4), abs=1e-4)


def test_a_light_of_an_unknown_lane_and_one_named_after_its_lane():
    lanes = read_lanes(_records({"5": waymo_lane(np.column_stack([np.arange(9.0), np.zeros(9)]))}))
    lights = _records({"5": {"type": "TRAFFIC_LIGHT", "state": {}}, "6": {"lane": "77", "state": {}}})
    (line,) = read_stop_lines({}, lights, lanes)
    assert line.bounds == pytest.approx((0.0, -1.9, 0.4, 1.6), abs=1e-6)
