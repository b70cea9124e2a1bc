"""nuscenes-devkit reads the map expansion and the raster."""

import numpy as np
import pytest
from nuscenes.map_expansion.arcline_path_utils import discretize_lane
from nuscenes.map_expansion.map_api import NuScenesMap

from training.data.nuscenes_format.map_expansion import arcline_path


@pytest.fixture(scope="module")
def road_map(written):
    return NuScenesMap(str(written.dataroot), written.drives[0].location)


def test_the_vehicle_is_on_its_lane_and_on_the_drivable_area(written, road_map):
    drive = written.drives[0]
    x, y, _ = drive.ego.positions_m[0]
    lane = road_map.get_closest_lane(x, y, radius=2)
    assert lane == drive.road_map.lanes[0].lane_id
    layers = road_map.layers_on_point(x, y)
    assert layers["lane"] == lane
    assert layers["drivable_area"]
    assert layers["walkway"] == ""
    assert road_map.layers_on_point(x, y - 5.5)["walkway"]


def test_lanes_run_along_their_centre_lines(written, road_map):
    lane = written.drives[0].road_map.lanes[0]
    poses = np.array(road_map.discretize_lanes([lane.lane_id], 1.0)[lane.lane_id])
    np.testing.assert_allclose(poses[0, :2], lane.centerline_m[0], atol=1e-6)
    np.testing.assert_allclose(poses[-1, :2], lane.centerline_m[-1], atol=1e-6)
    np.testing.assert_allclose(poses[:, 1], lane.centerline_m[0, 1], atol=1e-6)


def test_lanes_lead_to_the_next(written, road_map):
    right, _, after = written.drives[0].road_map.lanes
    assert road_map.get_outgoing_lane_ids(right.lane_id) == [after.lane_id]
    assert road_map.get_incoming_lane_ids(after.lane_id) == [right.lane_id]


def test_dividers_crossings_and_stop_lines_are_layers_of_their_own(road_map):
    assert len(road_map.road_divider) == 1
    kinds = {segment["segment_type"] for row in road_map.lane_divider for segment in row["lane_divider_segments"]}
    assert kinds == {"SINGLE_SOLID_WHITE", "SINGLE_DASHED_WHITE"}
    assert len(road_map.ped_crossing) == len(road_map.stop_line) == 1
    assert {row["is_intersection"] for row in road_map.road_segment} == {False, True}


def test_records_around_a_point_are_found(written, road_map):
    x, y, _ = written.drives[0].ego.positions_m[0]
    found = road_map.get_records_in_radius(x, y, 10.0, ["lane", "walkway", "road_divider"])
    assert len(found["lane"]) == 2
    assert len(found["walkway"]) == 2
    assert len(found["road_divider"]) == 1


def test_the_raster_is_white_on_roads_and_pavements(written):
    drive = written.drives[0]
    scene = next(scene for scene in written.nuscenes.scene if scene["name"] == drive.name)
    log = written.nuscenes.get("log", scene["log_token"])
    mask = written.nuscenes.get("map", log["map_token"])["mask"]
    x, y = drive.ego.positions_m[:, 0], drive.ego.positions_m[:, 1]
    assert mask.is_on_mask(x, y).all()
    assert not mask.is_on_mask(x, y + 15.0).any()


def test_a_curve_becomes_arcline_paths_within_two_centimetres():
    angle = np.linspace(0, np.pi / 2, 60)
    curve = 20.0 * np.stack([np.sin(angle), 1 - np.cos(angle)], axis=1)
    poses = np.array(discretize_lane(arcline_path(curve), 0.5))
    np.testing.assert_allclose(np.hypot(poses[:, 0], poses[:, 1] - 20.0), 20.0, atol=0.03)
    assert poses[-1, 2] == pytest.approx(np.pi / 2, abs=0.1)
