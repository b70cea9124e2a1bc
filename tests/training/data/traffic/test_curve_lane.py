import json

import numpy as np
import pytest

from training.data.traffic.curve import arc, winding
from training.data.traffic.curve_lane import CurveLane


def test_local_coordinates_invert_positions_with_left_positive() -> None:
    lane = CurveLane(winding((0.0, 0.0, 0.3), [(100.0, 0.0), (80.0, 0.02), (300.0, -0.005)], ramp_m=12.0), 3.5)
    for station, lateral in [(2.0, 0.5), (130.4, -1.5), (311.7, 2.0)]:
        assert lane.local_coordinates(lane.position(station, lateral)) == pytest.approx((station, lateral), abs=0.02)
    assert lane.position(0.0, 1.0) == pytest.approx([-np.sin(0.3), np.cos(0.3)])


def test_a_lane_goes_straight_on_beyond_its_ends() -> None:
    lane = CurveLane(arc((0.0, 0.0), 20.0, 0.0, 1.0), 3.5)
    assert lane.position(-3.0, 0.0) == pytest.approx([20.0, -3.0])
    assert lane.local_coordinates(np.array([20.0, -3.0])) == pytest.approx((-3.0, 0.0))


def test_a_lane_survives_json() -> None:
    lane = CurveLane(arc((0.0, 0.0), 20.0, 0.0, 1.0), 3.5, 14.0, connector=True)
    copy = CurveLane.from_config(json.loads(json.dumps(lane.to_config())))
    assert copy.position(7.0, 1.0) == pytest.approx(lane.position(7.0, 1.0))
    assert (copy.width, copy.speed_limit, copy.forbidden) == (3.5, 14.0, True)
