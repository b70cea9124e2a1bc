"""Good inputs that are left alone, and others."""

import numpy as np
import pytest

from training.evaluating.metrics.harm import harm_summary


def test_harm_is_the_share_of_good_inputs_that_got_worse_by_more_than_a_decimetre():
    before = np.array([0.0, 0.1, 0.3, 0.3, 0.31])
    after = np.array([0.05, 0.1, 0.45, 0.1, 9.0])
    summary = harm_summary(before, after)
    assert summary["good_inputs"] == 4
    assert summary["harm_rate"] == pytest.approx(0.25)
    assert summary["do_no_harm_rate"] == pytest.approx(0.75)


def test_without_good_inputs_there_is_no_rate():
    assert harm_summary(np.array([0.5]), np.array([5.0])) == {
        "good_inputs": 0,
        "harm_rate": None,
        "do_no_harm_rate": None,
    }
