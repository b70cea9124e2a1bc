import numpy as np
import pytest
import shapely

from training.data.drives.drive import Drive
from training.data.drives.road_map import LineColor
from training.data.traffic.layouts.highway import highway
from training.data.traffic.layouts.intersection import intersection
from training.data.traffic.layouts.merge import merge
from training.data.traffic.layouts.roundabout import roundabout
from training.data.traffic.layouts.street import street
from training.data.traffic.road_shapes import road_map_of

_LAYOUTS = (street, highway, merge, intersection, roundabout)


def test_all_areas_are_valid_and_none_is_a_sliver(drives: list[Drive]) -> None:
    for road_map in (drive.road_map for drive in drives):
        areas = [*(lane.surface for lane in road_map.lanes), *road_map.crossings, *road_map.stop_lines]
        areas += [*road_map.walkways, road_map.drivable]
        assert all(area.is_valid and not area.is_empty for area in areas)
        assert all(part.area > 2.0 for part in road_map.drivable.geoms)
        holes = [shapely.Polygon(ring).area for part in road_map.drivable.geoms for ring in part.interiors]
        assert min(holes, default=100.0) > 20.0


def test_lanes_lie_within_the_drivable_area(drives: list[Drive]) -> None:
    for drive in drives:
        drivable = drive.road_map.drivable.buffer(0.3)
        for lane in drive.road_map.lanes:
            outside = lane.surface.difference(drivable).area
            assert outside < 0.02 * lane.surface.area, (drive.name, lane.lane_id)


def test_a_lane_ends_where_its_successors_begin(drives: list[Drive]) -> None:
    for drive in drives:
        lanes = {lane.lane_id: lane for lane in drive.road_map.lanes}
        for lane in lanes.values():
            for successor in lane.successors:
                gap = lanes[successor].centerline_m[0] - lane.centerline_m[-1]
                assert np.hypot(*gap) < 1.0, (lane.lane_id, successor)
                assert _heading_change(lane.centerline_m, lanes[successor].centerline_m) < 0.15


@pytest.mark.parametrize("layout", _LAYOUTS[2:])
def test_ways_through_a_junction_are_connected_on_both_ends(layout) -> None:
    drawn = layout(np.random.default_rng(3))
    everywhere = np.array([[-300.0, 0.0], [300.0, 0.0]])
    road_map = road_map_of(drawn, everywhere, "x")
    followed = {successor for lane in road_map.lanes for successor in lane.successors}
    connectors = [lane for lane in road_map.lanes if lane.connector]
    assert all(lane.successors for lane in connectors)
    assert all(lane.lane_id in followed for lane in connectors)
    assert bool(connectors) == (layout is not merge)


def test_centre_lines_are_sampled_about_every_metre(drives: list[Drive]) -> None:
    for lane in (lane for drive in drives for lane in drive.road_map.lanes):
        steps = np.hypot(*np.diff(lane.centerline_m, axis=0).T)
        assert 0.4 < steps.min() <= steps.max() < 1.6


def test_the_map_reaches_around_the_path_and_not_much_farther(drives: list[Drive]) -> None:
    for drive in drives:
        x0, y0, x1, y1 = drive.road_map.bounds_m
        px0, py0 = drive.ego.positions_m[:, :2].min(axis=0)
        px1, py1 = drive.ego.positions_m[:, :2].max(axis=0)
        assert max(px0 - x0, x1 - px1, py0 - y0, y1 - py1) < 255.0
        assert max(x1 - x0, y1 - y0) < max(720.0, max(px1 - px0, py1 - py0) + 150.0)


def test_opposite_directions_are_parted_by_a_double_yellow_line(drives: list[Drive]) -> None:
    for drive in drives:
        between = [divider for divider in drive.road_map.dividers if divider.divides_directions]
        assert all(divider.double and divider.color is LineColor.YELLOW for divider in between)
        assert bool(between) == (drive.source.split()[1] not in ("highway", "merge"))


@pytest.mark.parametrize("layout", _LAYOUTS)
@pytest.mark.parametrize("seed", range(6))
def test_no_lane_is_bent_tighter_than_a_car_can_turn(layout, seed: int) -> None:
    drawn = layout(np.random.default_rng(seed))
    assert max(float(lane.curvatures.max()) for _, lane in drawn.network.lanes()) < 1 / 4.5


@pytest.mark.parametrize("layout", [street, intersection, roundabout])
def test_pavements_lie_beside_the_road_and_crossings_upon_it(layout) -> None:
    drawn = layout(np.random.default_rng(11))
    path = drawn.network.get_lane(drawn.ego.lane_index).curve.points_m
    road_map = road_map_of(drawn, path, "x")
    walkways = shapely.union_all(road_map.walkways)
    assert walkways.area > 100.0
    assert walkways.intersection(road_map.drivable).area < 0.5
    for crossing in road_map.crossings:
        assert crossing.difference(road_map.drivable.buffer(0.2)).area < 0.5


def _heading_change(before: np.ndarray, after: np.ndarray) -> float:
    first, second = before[-1] - before[-2], after[1] - after[0]
    turn = np.arctan2(second[1], second[0]) - np.arctan2(first[1], first[0])
    return float(abs((turn + np.pi) % (2 * np.pi) - np.pi))
