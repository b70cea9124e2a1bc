"""Leads over controls, and intervals over scenes."""

import numpy as np
import pytest

from training.evaluating.metrics.lead import lead_summary


def test_a_lead_is_what_the_control_has_more():
    lead = lead_summary({"l2": np.array([0.1, 0.3])}, {"l2": np.array([0.4, 0.2])}, ["one", "other"])
    assert lead["l2_m"] == pytest.approx(0.1)
    assert lead["l2_low_m"] == pytest.approx(-0.1)
    assert lead["l2_high_m"] == pytest.approx(0.3)
    assert lead["scenes"] == 2


def test_alike_cases_of_few_scenes_do_not_make_an_interval_narrow():
    random = np.random.default_rng(1)
    of_scene = np.repeat(random.normal(0.1, 0.2, 8), 50)
    scenes = [f"scene-{index // 50}" for index in range(400)]
    clustered = lead_summary({"l2": np.zeros(400)}, {"l2": of_scene}, scenes)
    alone = lead_summary({"l2": np.zeros(400)}, {"l2": of_scene}, [str(index) for index in range(400)])
    width, narrow = (one["l2_high_m"] - one["l2_low_m"] for one in (clustered, alone))
    assert clustered["l2_low_m"] <= clustered["l2_m"] <= clustered["l2_high_m"]
    assert width > 4 * narrow


def test_one_scene_has_no_interval():
    lead = lead_summary({"l2": np.zeros(3)}, {"l2": np.ones(3)}, ["one"] * 3)
    assert (lead["l2_m"], lead["l2_low_m"], lead["l2_high_m"]) == (1.0, None, None)
