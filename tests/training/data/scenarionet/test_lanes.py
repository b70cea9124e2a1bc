"""Lanes of every source: where they lie, which lead through intersections, and what follows them."""

import numpy as np
import pytest
import shapely
from shapely import LineString

from tests.training.data.scenarionet.scenario_files import (
    nuscenes_scenario,
    square,
    waymo_lane,
    waymo_scenario,
    written,
)
from training.data.scenarionet.lanes import read_lanes
from training.data.scenarionet.log import read_drive
from training.data.scenarionet.record import Record


def _lanes(features):
    return {
        lane.lane_id: lane for lane in read_lanes({name: Record(name, values) for name, values in features.items()})
    }


def _line(x_m, y_m=0.0):
    return np.column_stack([x_m, np.full(len(x_m), y_m)])


@pytest.fixture(scope="module")
def nuscenes_lanes():
    return _lanes(nuscenes_scenario()["map_features"])


@pytest.fixture(scope="module")
def waymo_lanes():
    return _lanes(waymo_scenario()["map_features"])


def test_nuscenes_lanes_have_their_outline(nuscenes_lanes):
    lane = nuscenes_lanes["lane a"]
    assert lane.surface.equals(shapely.box(1000, 500, 1060, 504))
    assert lane.centerline_m.shape == (61, 2)
    assert lane.centerline_m[-1].tolist() == [1060.0, 502.0]


def test_a_lane_without_outline_is_a_strip_along_its_centreline(nuscenes_lanes):
    ahead = nuscenes_lanes["ahead"]
    assert ahead.surface.bounds == pytest.approx((1060.1, 500.25, 1079.1, 503.75))
    assert ahead.surface.area == pytest.approx(3.5 * 19.0)


def test_in_early_nuscenes_files_lanes_without_outline_are_the_connectors(nuscenes_lanes):
    assert {name for name, lane in nuscenes_lanes.items() if lane.connector} == {"ahead"}


def test_later_files_give_connectors_a_type_of_their_own():
    lanes = _lanes(
        {
            "lane": {"type": "LANE_SURFACE_STREET", "polyline": _line(np.arange(9.0)), "polygon": square(4, 0, 5.0)},
            "across": {
                "type": "LANE_SURFACE_UNSTRUCTURE",
                "polyline": _line(np.arange(9.0)),
                "polygon": square(4, 0, 5.0),
            },
        }
    )
    assert [lane.connector for lane in lanes.values()] == [False, True]


def test_waymo_flags_connectors(waymo_lanes):
    assert {name for name, lane in waymo_lanes.items() if lane.connector} == {"102", "103"}


@pytest.mark.parametrize("flag", [False, True], ids=["none flagged", "all flagged"])
def test_where_all_flags_are_alike_the_course_of_a_lane_decides(flag):
    """`onward` leads straight on from a fork to a merge, `bend` turns; `before` and `after` do neither."""
    turn = np.linspace(0.0, np.pi / 2, 9)
    bend = np.column_stack([10 + 9 * np.sin(turn), 9 - 9 * np.cos(turn)])
    lanes = {
        "before": waymo_lane(_line(np.arange(11.0)), exit_lanes=["onward", "bend"]),
        "onward": waymo_lane(_line(np.arange(10.0, 21)), entry_lanes=["before"], exit_lanes=["after"]),
        "bend": waymo_lane(bend, entry_lanes=["before"]),
        "after": waymo_lane(_line(np.arange(20.0, 31)), entry_lanes=["onward", "other"]),
    }
    read = _lanes({name: lane | {"interpolating": flag} for name, lane in lanes.items()})
    assert {name for name, lane in read.items() if lane.connector} == {"onward", "bend"}


def test_successors_are_the_source_s_own_where_it_knows_the_lane(waymo_lanes):
    assert waymo_lanes["101"].successors == ("102", "103")
    assert waymo_lanes["103"].successors == ()


def test_elsewhere_what_begins_where_a_lane_ends_follows_it(nuscenes_lanes):
    assert nuscenes_lanes["lane a"].successors == ("ahead",)
    assert nuscenes_lanes["ahead"].successors == ()
    assert nuscenes_lanes["lane b"].successors == ()


@pytest.mark.parametrize(
    ("start_m", "direction_rad", "follows"),
    [((0.4, 0.0), 0.0, True), ((0.6, 0.0), 0.0, False), ((0.0, 0.4), 0.55, True), ((0.0, 0.0), 0.7, False)],
    ids=["near", "far", "bent", "turned"],
)
def test_joints_are_near_and_smooth(start_m, direction_rad, follows):
    onward = np.arange(5.0)[:, None] * [np.cos(direction_rad), np.sin(direction_rad)] + [10.0, 0.0] + start_m
    first, second = ({"type": "LANE_FREEWAY", "polyline": line} for line in (_line(np.arange(11.0)), onward))
    assert (_lanes({"first": first, "second": second})["first"].successors == ("second",)) == follows


def test_waymo_widths_shape_the_strip(waymo_lanes):
    """1.6 m to the left of the northward lane, 1.9 m to its right."""
    assert waymo_lanes["101"].surface.bounds == pytest.approx((-1.6, -20.0, 1.9, 60.0), abs=1e-6)


def test_widths_of_zero_are_unknown_and_others_within_reason(waymo_lanes):
    assert waymo_lanes["104"].surface.bounds == pytest.approx((6.25, -20.0, 9.75, 60.0))
    widths = np.tile(np.float32([42.0, 0.3]), (11, 1))
    lane = _lanes({"odd": waymo_lane(_line(np.arange(11.0)), width=widths)})["odd"]
    assert lane.surface.bounds == pytest.approx((0.0, -1.2, 10.0, 3.0), abs=1e-6)


def test_a_bend_tighter_than_the_lane_is_wide_stays_one_valid_surface():
    turn = np.linspace(0.0, np.pi, 30)
    tight = np.concatenate([_line(np.arange(-10.0, 0.0)), np.column_stack([np.sin(turn), 1 - np.cos(turn)])])
    lane = _lanes({"turn": waymo_lane(tight, width=np.full((len(tight), 2), 1.75, np.float32))})["turn"]
    assert lane.surface.is_valid
    assert lane.surface.buffer(1e-6).covers(LineString(lane.centerline_m))


def test_bicycle_lanes_and_lanes_of_a_single_point_are_none(waymo_lanes):
    assert not {"105", "106"} & waymo_lanes.keys()


def test_an_outline_that_crosses_itself_becomes_valid():
    bow = [[0, -2], [10, 2], [10, -2], [4, 2]]
    lane = _lanes({"bow": {"type": "LANE_SURFACE_STREET", "polyline": _line(np.arange(9.0)), "polygon": bow}})["bow"]
    assert lane.surface.is_valid
    assert lane.surface.area > 0


def test_waymo_maps_end_where_the_ego_is_far(tmp_path, waymo_drive):
    assert sorted(lane.lane_id for lane in waymo_drive.road_map.lanes) == ["101", "102", "103", "104"]
    scenario = waymo_scenario()
    scenario["map_features"]["102"]["exit_lanes"] = [107]
    onward = next(lane for lane in read_drive(written(tmp_path, scenario)).road_map.lanes if lane.lane_id == "102")
    assert onward.successors == ()
