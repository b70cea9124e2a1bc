"""How much of a correction is answered."""

import numpy as np
import pytest

from llm_service.correction.certainty import UNSURE, cautious
from llm_service.correction.deciding import decide
from llm_service.verifier import EgoDimensions, PreparedScene, Verifier, VerifierLimits
from waymend.agents import AgentBox, DrivableArea
from waymend.trajectory import EgoState

STEP_S, SPEED_MPS = 0.5, 8.0
TIMES_S = STEP_S * np.arange(1, 7)
PROPOSAL_M = np.stack((SPEED_MPS * TIMES_S, np.zeros(6)), 1)
ROAD = DrivableArea(np.array([[-20, -4], [100, -4], [100, 4], [-20, 4]], np.float32))
EMPTY_ROAD = PreparedScene.of((), (ROAD,))
SCALE_M = np.full(6, 0.5)


def decided(offset_m, caution=0.0, proposal_m=PROPOSAL_M, scene=EMPTY_ROAD):
    verifier = Verifier(VerifierLimits(), EgoDimensions())
    state = EgoState(SPEED_MPS)
    return decide(
        verifier,
        proposal_m,
        verifier.judge(proposal_m, STEP_S, state, scene),
        offset_m,
        SCALE_M,
        caution=caution,
        step_s=STEP_S,
        ego_state=state,
        scene=scene,
    )


def to_the_left(end_m):
    """An offset that grows with the square of time."""
    return np.stack((np.zeros(6), end_m * (TIMES_S / TIMES_S[-1]) ** 2), 1)


def test_a_correction_that_passes_is_answered_whole():
    decision = decided(to_the_left(1.0))
    assert (decision.status, decision.share) == ("corrected", 1.0)
    np.testing.assert_array_equal(decision.trajectory_ego_m, PROPOSAL_M + to_the_left(1.0))


@pytest.mark.parametrize(("end_m", "share"), [(3.2, 0.75), (4.8, 0.5), (9.0, 0.25)])
def test_of_a_correction_that_leaves_the_road_as_much_is_answered_as_stays_on_it(end_m, share):
    decision = decided(to_the_left(end_m))
    assert (decision.status, decision.share) == ("corrected", share)
    np.testing.assert_allclose(decision.trajectory_ego_m, PROPOSAL_M + share * to_the_left(end_m))
    assert decision.correction_report.safe
    assert decision.reason.startswith(f"{share:.0%} of the correction, for the correction is worse: drivable_area")


def test_a_correction_of_which_no_share_passes_leaves_the_proposal():
    decision = decided(to_the_left(60.0))
    assert (decision.status, decision.share) == ("kept_proposal", 0.0)
    assert "the correction is worse: drivable_area" in decision.reason
    np.testing.assert_array_equal(decision.trajectory_ego_m, PROPOSAL_M)


def test_of_a_correction_that_mends_a_collision_off_the_road_less_is_answered_where_that_mends_it_too():
    standing = AgentBox("parked", "car", (26.0, -0.9, 0.8), 4.0, 1.8, 1.6, 0.0)
    verifier, scene = Verifier(VerifierLimits(), EgoDimensions()), PreparedScene.of((standing,), (ROAD,))
    decision = decided(to_the_left(5.0), scene=scene)
    assert {check.name for check in decision.proposal_report.failed} == {"collision"}
    whole = verifier.judge(PROPOSAL_M + to_the_left(5.0), STEP_S, EgoState(SPEED_MPS), scene)
    assert {check.name for check in whole.failed} == {"drivable_area"}
    assert (decision.status, decision.share) == ("corrected", 0.5)
    assert decision.correction_report.safe
    assert decision.reason.startswith("50% of the correction, for the whole is not safe: drivable_area")


def test_an_offset_within_its_uncertainty_leaves_the_proposal():
    decision = decided(to_the_left(0.1), caution=1.0)
    assert (decision.status, decision.reason) == ("kept_proposal", UNSURE)
    np.testing.assert_array_equal(decision.trajectory_ego_m, PROPOSAL_M)


OFF_THE_ROAD_M = PROPOSAL_M + to_the_left(5.0)
BRAKES_HARD_M = np.stack((SPEED_MPS * TIMES_S - 4.5 / 2 * np.minimum(TIMES_S, 1.5) ** 2, np.zeros(6)), 1)


@pytest.mark.parametrize(
    ("proposal_m", "failed", "share_of_caution"),
    [
        (PROPOSAL_M, set(), 1.0),
        (BRAKES_HARD_M, {"longitudinal_acceleration", "jerk"}, 0.5),
        (OFF_THE_ROAD_M, {"drivable_area"}, 0.0),
    ],
)
def test_the_less_a_proposal_is_worth_keeping_the_less_is_held_back(proposal_m, failed, share_of_caution):
    offset_m = -to_the_left(0.8)
    decision = decided(offset_m, 0.2, proposal_m)
    assert {check.name for check in decision.proposal_report.failed} <= failed
    assert bool(decision.proposal_report.failed) == bool(failed)
    assert decision.share == 1.0
    np.testing.assert_allclose(
        decision.trajectory_ego_m - proposal_m, cautious(offset_m, SCALE_M, 0.2 * share_of_caution), atol=1e-12
    )
