"""Road maps move, mirror and merge as a whole."""

import numpy as np
import pytest
import shapely

from tests.training.data.straight_drive import straight_drive, street
from training.data.drives.road_map import merged


def test_moving_moves_every_shape():
    road_map, moved, shift = street(), street().moved(10.0, -5.0), np.array([10.0, -5.0])
    np.testing.assert_allclose(moved.bounds_m, np.array(road_map.bounds_m) + np.tile(shift, 2))
    np.testing.assert_allclose(moved.lanes[0].centerline_m, road_map.lanes[0].centerline_m + shift)
    np.testing.assert_allclose(moved.dividers[0].line_m, road_map.dividers[0].line_m + shift)
    assert moved.crossings[0].equals(shapely.box(130, -11, 134, 1))


def test_mirroring_changes_the_side_of_traffic():
    drive = straight_drive()
    mirrored = drive.mirrored()
    assert mirrored.left_hand_traffic
    assert mirrored.ego.positions_m[0, 1] == -drive.ego.positions_m[0, 1]
    assert mirrored.road_map.lanes[0].surface.contains(shapely.Point(50.0, 1.75))
    assert mirrored.road_map.drivable.is_valid


def test_a_lane_of_two_maps_appears_once_and_areas_unite():
    whole = merged([street(), street().moved(0.0, 4.0)])
    assert [lane.lane_id for lane in whole.lanes] == ["right", "left", "after"]
    assert whole.drivable.area == pytest.approx(400 * 16)


def test_renaming_keeps_successors_true():
    renamed = street().renamed(lambda lane_id: f"x-{lane_id}")
    assert renamed.lanes[0].successors == ("x-after",)
    assert renamed.lanes[2].lane_id == "x-after"
