"""Coverage of stated intervals."""

import numpy as np
import pytest

from training.evaluating.metrics.calibration import INTERVALS, calibration_summary, half_width


def test_half_of_a_laplace_distribution_lies_within_ln_2_scales():
    assert half_width(0.5) == pytest.approx(np.log(2))
    assert half_width(0.95) == pytest.approx(np.log(20))


def test_coverage_is_the_share_inside_for_each_coordinate_and_pooled():
    errors = np.array([[[0.1, 1.0]], [[-0.5, -5.0]]])
    summary = calibration_summary(errors, np.ones((2, 1)))
    assert summary["coverage_50_x"] == 1.0
    assert summary["coverage_50_y"] == 0.0
    assert summary["coverage_50"] == 0.5
    assert summary["coverage_80_y"] == pytest.approx(0.5)
    assert summary["coverage_95"] == pytest.approx(0.75)
    assert summary["mean_absolute_error_m"] == pytest.approx(6.6 / 4)


def test_laplace_errors_of_the_stated_scale_are_covered_as_stated_and_others_are_not():
    rng = np.random.default_rng(0)
    scale = rng.uniform(0.1, 3.0, (4000, 6))
    errors = rng.laplace(0.0, scale[..., None], (4000, 6, 2))
    for factor, covered in ((1.0, INTERVALS), (2.0, [1 - (1 - p) ** 0.5 for p in INTERVALS])):
        summary = calibration_summary(errors * factor, scale)
        assert [summary[f"coverage_{p}"] for p in (50, 80, 95)] == pytest.approx(covered, abs=0.01)


def test_without_a_scale_there_is_no_coverage():
    assert calibration_summary(np.array([]), np.array([])) == {"cases": 0}
