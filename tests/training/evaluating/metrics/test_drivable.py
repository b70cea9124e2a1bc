"""Leaving the drivable area."""

import numpy as np
import pytest

from llm_service.verifier.drivable_area import DrivableRegion
from llm_service.verifier.kinematics import kinematics_of
from llm_service.verifier.path import ego_path
from training.evaluating.assessment import EGO, LIMITS
from training.evaluating.metrics.drivable import TOLERANCE_M, off_road_summary, outside_m
from waymend.agents import DrivableArea
from waymend.trajectory import EgoState

HALF_WIDTH_M = 0.865


def path_of(trajectory_m):
    motion = kinematics_of(trajectory_m, 0.5, EgoState(8.0))
    return ego_path(trajectory_m, 0.5, motion.heading_rad, EGO, LIMITS.substep_s)


def straight():
    return np.stack([4.0 * np.arange(1, 7), np.zeros(6)], axis=1)


def road(left_m):
    """As far as `left_m` to the left, and 2 m to the right."""
    return DrivableRegion.of([DrivableArea(np.array([[-10, -2], [60, -2], [60, left_m], [-10, left_m]], np.float32))])


def test_a_vehicle_in_the_middle_stays_inside():
    assert outside_m(path_of(straight()), road(2.0)) == 0.0


def test_a_corner_outside_is_measured_by_its_distance():
    assert outside_m(path_of(straight()), road(HALF_WIDTH_M - 0.5)) == pytest.approx(0.5, abs=1e-5)


def test_the_limit_is_the_verifiers():
    assert LIMITS.max_off_road_m == TOLERANCE_M


def test_without_a_map_nothing_is_known():
    assert np.isnan(outside_m(path_of(straight()), None))


def test_the_rate_is_over_known_cases_beyond_the_tolerance():
    summary = off_road_summary(np.array([0.0, 0.29, 0.31, 5.0, np.nan]))
    assert summary == {"off_road_rate": 0.5, "off_road_cases": 4}
    assert off_road_summary(np.array([np.nan])) == {"off_road_rate": None, "off_road_cases": 0}
