import json
from dataclasses import asdict

import numpy as np
import pytest
from pydantic import ValidationError

from llm_service.verifier import PreparedScene, VerifierLimits
from llm_service.verifier.checks import ALL_CHECKS
from tests.llm_service.verifier.scenes import EMPTY, STEP_S, VERIFIER, car, judge, road, straight
from waymend.errors import InvalidField
from waymend.trajectory import EgoState

CRUISE = EgoState(10.0)


def choose(proposal, correction, agents=(), areas=None, state=CRUISE):
    scene = PreparedScene.of(agents, areas)
    report = VERIFIER.judge(proposal, STEP_S, state, scene)
    return VERIFIER.choose(proposal, report, correction, STEP_S, state, scene)


def test_a_report_holds_every_check_in_order_and_is_json():
    report = judge(straight(10.0), 10.0, [car(20.0)], [road()])
    assert tuple(check.name for check in report.checks) == ALL_CHECKS
    assert json.loads(json.dumps(asdict(report), allow_nan=False))["checks"][1]["status"] == "failed"


def test_a_safe_correction_of_a_colliding_proposal_is_answered():
    decision = choose(straight(10.0), straight(10.0, -3.0), [car(25.0)], state=EgoState(10.0, -1.0))
    assert decision.status == "corrected"
    assert not decision.proposal_report.safe
    assert decision.correction_report.safe
    np.testing.assert_array_equal(decision.trajectory_ego_m, straight(10.0, -3.0))


def test_an_equal_correction_is_answered():
    assert choose(straight(10.0), straight(10.0)).status == "corrected"


def test_a_correction_into_a_car_is_replaced_by_the_proposal():
    decision = choose(straight(10.0, -3.0), straight(10.0), [car(25.0)])
    assert decision.status == "kept_proposal"
    assert "collision" in decision.reason
    np.testing.assert_array_equal(decision.trajectory_ego_m, straight(10.0, -3.0))


def test_a_correction_that_hits_earlier_is_worse_and_later_is_not():
    assert choose(straight(10.0), straight(10.0, 2.0), [car(25.0)]).status == "kept_proposal"
    assert choose(straight(10.0, 2.0), straight(10.0), [car(25.0)]).status == "corrected"


def test_avoiding_a_collision_excuses_hard_braking():
    decision = choose(straight(10.0), straight(10.0, -4.6), [car(18.0)])
    assert decision.correction_report["longitudinal_acceleration"].status == "failed"
    assert decision.status == "corrected"


def test_avoiding_a_collision_excuses_leaving_the_road():
    aside = straight(10.0)
    aside[:, 1] = [0.6, 2.2, 3.8, 4.6, 4.8, 4.8]
    decision = choose(straight(10.0), aside, [car(29.0)], [road()])
    assert decision.correction_report["drivable_area"].status == "failed"
    assert decision.status == "corrected"


def test_leaving_the_road_is_worse_than_hard_braking():
    aside = straight(10.0)
    aside[:, 1] = [0.4, 1.4, 2.6, 3.6, 4.2, 4.4]
    decision = choose(straight(10.0, -6.0, waypoints=6), aside, areas=[road()])
    assert decision.status == "kept_proposal"
    assert "drivable_area" in decision.reason


def test_a_kinematic_violation_is_worse_than_none_and_a_lesser_one_is_not_worse():
    assert choose(straight(10.0), straight(10.0, 5.0)).status == "kept_proposal"
    assert choose(straight(10.0, 8.0), straight(10.0, 5.0)).status == "corrected"
    assert choose(straight(10.0, 5.0), straight(10.0, 8.0)).status == "kept_proposal"


def test_differences_within_the_tolerance_are_no_reason_to_keep_the_proposal():
    assert choose(straight(10.0, 5.0), straight(10.0, 5.05)).status == "corrected"


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_a_correction_that_is_not_finite_is_always_worse(value):
    broken = straight(10.0)
    broken[3, 1] = value
    decision = choose(straight(10.0), broken, [car(16.0)], [road()])
    assert decision.status == "kept_proposal"
    assert [check.name for check in decision.correction_report.failed] == ["waypoints"]
    assert len(decision.correction_report.not_checked) == len(ALL_CHECKS) - 1
    assert np.isfinite(decision.trajectory_ego_m).all()


def test_the_answer_s_report_is_that_of_whichever_trajectory_is_answered():
    better, worse = choose(straight(10.0), straight(9.0)), choose(straight(10.0), straight(10.0) * np.nan)
    assert better.answer_report is better.correction_report
    assert worse.answer_report is worse.proposal_report


def test_a_proposal_that_is_not_finite_is_refused():
    with pytest.raises(InvalidField, match="proposal"):
        choose(straight(10.0) * np.nan, straight(10.0))


@pytest.mark.parametrize("trajectory", [np.zeros((0, 2)), np.zeros((6, 3)), np.zeros(6)])
def test_a_trajectory_of_another_shape_is_refused(trajectory):
    with pytest.raises(InvalidField, match="trajectory"):
        VERIFIER.judge(trajectory, STEP_S, CRUISE, EMPTY)


def test_a_step_or_motion_that_is_not_finite_is_refused():
    with pytest.raises(InvalidField, match="step_s"):
        VERIFIER.judge(straight(10.0), 0.0, CRUISE, EMPTY)
    with pytest.raises(InvalidField, match="ego_state"):
        VERIFIER.judge(straight(10.0), STEP_S, EgoState(float("nan")), EMPTY)


def test_limits_are_configuration_and_refuse_unknown_or_senseless_ones():
    strict = VerifierLimits.model_validate({"max_speed_mps": 8.0})
    assert strict.max_speed_mps == 8.0
    assert strict.max_jerk_mps3 == 8.37
    for wrong in ({"max_speed": 8.0}, {"max_speed_mps": -1.0}, {"max_jerk_mps3": float("inf")}):
        with pytest.raises(ValidationError):
            VerifierLimits.model_validate(wrong)
