"""Percentiles of times, and failures by kind."""

import pytest

from training.evaluating.metrics.failures import Failure, failure_summary
from training.evaluating.metrics.latency import latency_summary


def test_percentiles_are_interpolated():
    summary = latency_summary([float(value) for value in range(1, 102)])
    assert summary == {"count": 101, "p50_ms": pytest.approx(51.0), "p95_ms": pytest.approx(96.0)}
    assert latency_summary([]) == {"count": 0, "p50_ms": None, "p95_ms": None}


def test_failures_are_counted_by_kind_and_over_all_cases():
    summary = failure_summary([None, Failure.REFUSED, None, Failure.TIMED_OUT, Failure.REFUSED])
    assert summary["failure_rate"] == pytest.approx(3 / 5)
    assert (summary["failures_refused"], summary["failures_timed_out"], summary["failures_non_finite"]) == (2, 1, 0)
