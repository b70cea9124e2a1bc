"""Violations of the verifier's limits."""

import numpy as np
import pytest

from llm_service.verifier import VerifierLimits
from llm_service.verifier.checks import KINEMATICS
from llm_service.verifier.kinematics import kinematics_of
from training.evaluating.metrics.kinematics import kinematics_summary, violations
from waymend.trajectory import EgoState

LIMITS = VerifierLimits()


def violated(trajectory_m, speed_mps):
    return violations(kinematics_of(np.array(trajectory_m, np.float64), 0.5, EgoState(speed_mps)), LIMITS)


def test_steady_driving_violates_nothing():
    assert violated([[5.0 * k, 0.0] for k in range(1, 7)], 10.0) == frozenset()


def test_thirty_metres_per_second_are_too_fast():
    assert violated([[15.0 * k, 0.0] for k in range(1, 7)], 30.0) == {"speed"}


def test_stopping_dead_brakes_too_hard():
    assert violated([[0.0, 0.0]] * 6, 10.0) == {"longitudinal_acceleration"}


def test_shares_are_per_check_and_of_any():
    summary = kinematics_summary([frozenset(), frozenset({"speed"}), frozenset({"speed", "jerk"}), frozenset()])
    assert summary["speed"] == pytest.approx(0.5)
    assert summary["jerk"] == pytest.approx(0.25)
    assert summary["any"] == pytest.approx(0.5)
    assert set(summary) == {*KINEMATICS, "any"}
