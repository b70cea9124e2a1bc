"""How sure a correction is, and what becomes of one that is not."""

import numpy as np
import pytest

from llm_service.correction.certainty import cautious, certainty
from llm_service.verifier import Verifier
from llm_service.verifier.limits import EgoDimensions, VerifierLimits
from llm_service.verifier.scene import PreparedScene
from waymend.trajectory import EgoState

OFFSET_M = np.array([[0.3, 0.4], [0.0, -1.0]])
SCALE_M = np.array([0.5, 2.0])
PROPOSAL_M = np.array([[2.0, 0.0], [4.0, 0.0]])


def test_certainty_is_the_mean_of_offset_over_scale():
    assert certainty(OFFSET_M, SCALE_M) == pytest.approx((0.5 / 0.5 + 1.0 / 2.0) / 2)


def test_an_offset_is_held_back_by_the_square_of_caution_over_its_certainty():
    np.testing.assert_allclose(cautious(OFFSET_M, SCALE_M, 0.6), OFFSET_M * (1 - (0.6 / 0.75) ** 2))


def test_an_offset_within_its_uncertainty_leaves_the_proposal_alone():
    assert not cautious(OFFSET_M, SCALE_M, 0.76).any()
    assert not cautious(np.zeros((2, 2)), SCALE_M, 0.1).any()


def test_without_caution_an_offset_stays_as_it_is():
    np.testing.assert_array_equal(cautious(OFFSET_M, SCALE_M, 0.0), OFFSET_M)


def test_a_decision_can_be_turned_to_the_proposal_with_its_reports_kept():
    verifier, scene = Verifier(VerifierLimits(), EgoDimensions()), PreparedScene.of([], None)
    state = EgoState(4.0)
    report = verifier.judge(PROPOSAL_M, 0.5, state, scene)
    decision = verifier.choose(PROPOSAL_M, report, PROPOSAL_M + 0.1, 0.5, state, scene)
    assert decision.status == "corrected"
    kept = decision.kept(PROPOSAL_M, "not sure")
    assert (kept.status, kept.reason) == ("kept_proposal", "not sure")
    np.testing.assert_array_equal(kept.trajectory_ego_m, PROPOSAL_M)
    assert kept.correction_report is decision.correction_report


def test_a_certainty_that_is_no_number_trusts_nothing_and_hides_nothing():
    offset_m = np.full((6, 2), 0.5)
    assert not cautious(offset_m, np.full(6, np.nan), 0.5).any()
    broken = np.where(np.arange(6)[:, None] == 2, np.nan, offset_m)
    assert np.isnan(cautious(broken, np.full(6, 0.5), 0.5)).any()
