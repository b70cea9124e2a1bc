"""The tree of `metrics.json`, from outcomes by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.training.evaluating.trees import Bench
from training.evaluating.agent_futures import AgentFutures
from training.evaluating.metrics.failures import Failure
from training.evaluating.outcome import Outcome, Times
from training.evaluating.tree import metrics_tree


@pytest.fixture
def bench(keyframes) -> Bench:
    return Bench.of(keyframes[0], {"near": 0.2, "far": 2.0})


def test_before_and_after_are_measured_by_the_same_formulas(bench):
    tree = metrics_tree(bench.results([bench.aside(0.1), bench.aside(0.5)]), {})
    assert tree["model"]["before"]["l2_a_avg_m"] == pytest.approx(1.1)
    assert tree["model"]["after"]["l2_a_1s_m"] == pytest.approx(0.3)
    assert tree["model"]["after"]["l2_b_3s_m"] == pytest.approx(0.3)
    assert tree["model"]["improvement"]["l2_a_avg_share"] == pytest.approx(1 - 0.3 / 1.1)
    assert tree["model"]["truth"]["l2_b_avg_m"] == 0.0


def test_a_failed_case_counts_as_its_input_and_as_a_failure(bench):
    tree = metrics_tree(bench.results([bench.aside(0.0), Outcome.failed(Failure.TIMED_OUT, "late")]), {})
    assert tree["model"]["cases"] == 2
    assert tree["model"]["after"]["l2_a_avg_m"] == pytest.approx((0.0 + 2.0) / 2)
    assert tree["model"]["failure_rate"] == 0.5
    assert tree["model"]["failures_timed_out"] == 1


def test_harm_to_a_good_input_is_told(bench):
    tree = metrics_tree(bench.results([bench.aside(0.4), bench.aside(0.0)]), {})
    assert tree["model"]["do_no_harm_rate"] == 0.0
    assert tree["model"]["good_inputs"] == 1


def test_a_controls_own_numbers_stand_at_its_top_level_and_in_the_same_tree(bench):
    control = [bench.aside(1.0), bench.aside(1.0)]
    tree = metrics_tree(bench.results([bench.aside(0.0)] * 2, ctra=control), {})
    ctra = tree["controls"]["ctra"]
    assert ctra["l2_a_avg_m"] == ctra["after"]["l2_a_avg_m"] == pytest.approx(1.0)
    assert set(tree["model"]) <= set(ctra)
    assert ctra["before"] == tree["model"]["before"]
    assert tree["absent_controls"] == {"ego_status_mlp": "no training split"}


def test_kinds_and_subsets_have_the_same_branches(bench):
    results = bench.results([bench.aside(0.1), bench.aside(0.5)], ctra=[bench.aside(1.0)] * 2)
    tree = metrics_tree(results, {"perception_matters": [1], "nobody": []})
    assert list(tree["by_kind"]) == ["near", "far"]
    assert tree["by_kind"]["far"]["model"]["after"]["l2_a_avg_m"] == pytest.approx(0.5)
    assert tree["by_kind"]["far"] == tree["subsets"]["perception_matters"]
    assert tree["by_kind"]["near"]["controls"]["ctra"]["l2_b_1s_m"] == pytest.approx(1.0)
    assert tree["subsets"]["nobody"] == {"cases": 0}


def test_collisions_of_the_truth_itself_are_told(keyframes):
    keyframe = keyframes[0]
    box = np.array([*keyframe.future_ego_m[3], 4.0, 2.0, 0.0])
    futures = AgentFutures(np.stack([[box]] * 6), np.ones(6, bool))
    bench = Bench.of(keyframe, {"far": 40.0}, futures)
    tree = metrics_tree(bench.results([bench.aside(0.0)]), {})
    assert tree["model"]["before"]["collision_any_3s_rate"] == 0.0
    assert tree["model"]["truth"]["collision_any_3s_rate"] == tree["model"]["after"]["collision_any_3s_rate"] == 1.0
    assert tree["model"]["after"]["off_road_rate"] is None


def test_calibration_is_of_the_models_own_trajectory(bench):
    own = bench.cases[0].truth_ego_m + np.array([0.5, 0.0])
    answered = replace(bench.aside(0.0), alone_ego_m=own, scale_m=np.full(6, 0.25))
    tree = metrics_tree(bench.results([answered, bench.aside(0.0)]), {})
    calibration = tree["model"]["calibration"]
    assert calibration["cases"] == 1
    assert (calibration["coverage_50_x"], calibration["coverage_50_y"], calibration["coverage_95_x"]) == (0.0, 1.0, 1.0)
    assert tree["model"]["alone"]["l2_a_avg_m"] == pytest.approx(0.5)


def test_an_explanation_is_judged_by_the_answer_that_it_is_about(bench):
    words = ["The sky is made of cheese.", "The route goes straight ahead."]
    outcomes = [replace(bench.aside(0.0), explanation=text, draft="The sky.") for text in words]
    tree = metrics_tree(bench.results(outcomes), {})
    assert tree["model"]["faithfulness"]["explanations"] == tree["model"]["draft_faithfulness"]["explanations"] == 2
    assert tree["model"]["draft_faithfulness"]["claims_unreadable_rate"] == 1.0
    assert tree["model"]["faithfulness"]["claims_unreadable_rate"] == 0.5


def test_the_first_case_of_a_frame_has_a_latency_of_its_own(bench):
    first, later = Times(trajectory=60.0, perception=400.0), Times(trajectory=10.0)
    outcomes = [replace(bench.aside(0.0), times=times) for times in (first, later)]
    latency = metrics_tree(bench.results(outcomes), {})["model"]["latency"]
    assert latency["trajectory"]["p50_ms"] == 35.0
    assert latency["trajectory_new_frame"] == {"count": 1, "p50_ms": 60.0, "p95_ms": 60.0}
    assert latency["request"]["p50_ms"] is None


def test_the_tree_is_json_without_nan(bench):
    tree = metrics_tree(bench.results([bench.aside(0.0)] * 2, ctra=[bench.aside(1.0)] * 2), {"some": [0]})
    assert json.loads(json.dumps(tree, allow_nan=False)) == tree
