import pytest

from llm_service.explaining.claims import Lead, ShortGap
from llm_service.explaining.facts.leads import lead_claims
from tests.llm_service.explaining import situations
from tests.llm_service.explaining.scenes import FRONT_M, agent, circle, keyframe, straight


def found(frame, proposal_ego_m):
    return list(lead_claims(situations.of(frame, proposal_ego_m)))


def test_closing_up_to_a_slower_car_ends_in_a_short_gap():
    """The lead's rear is at 18 m + 3 s * 6 m/s = 36 m in the end, the proposal's bumper at 30 m + 3.427 m."""
    lead = agent("car", 20.0, velocity=(6.0, 0.0))
    short, context = found(keyframe(straight(10.0, -1.5), (lead,)), straight(10.0))
    assert short == ShortGap(context.agent, pytest.approx(36.0 - 30.0 - FRONT_M))
    assert context.speed_mps == 6.0
    assert context.agent.ahead_m == pytest.approx(18.0 - FRONT_M)


def test_a_gap_that_the_correction_has_as_well_is_no_cause():
    lead = agent("car", 20.0, velocity=(6.0, 0.0))
    assert [type(claim) for claim in found(keyframe(straight(9.9), (lead,)), straight(10.0))] == [Lead]


def test_a_lead_that_drives_away_leaves_no_short_gap():
    lead = agent("car", 40.0, velocity=(10.0, 0.0))
    assert [type(claim) for claim in found(keyframe(straight(8.0), (lead,)), straight(10.0))] == [Lead]


@pytest.mark.parametrize(
    "other",
    [
        agent("car", 20.0, 3.5, velocity=(6.0, 0.0)),
        agent("car", 20.0, velocity=(-6.0, 0.0)),
        agent("car", -10.0, velocity=(6.0, 0.0)),
        agent("pedestrian", 20.0),
    ],
    ids=["beside", "oncoming", "behind", "on foot"],
)
def test_no_lead_is_who_is(other):
    assert found(keyframe(straight(8.0), (other,)), straight(10.0)) == []


def test_in_a_bend_the_lead_is_on_the_bend():
    """At 60 degrees of a circle of radius 20 m: well to the left of the ego axis, and on the way."""
    on_circle = circle(20.0 * 3.141592653589793 / 3 / 3, 20.0)[-1]
    lead = agent("car", *on_circle, yaw_rad=3.141592653589793 / 3)
    (claim,) = found(keyframe(circle(6.0, 20.0), (lead,)), circle(6.0, 20.0))
    assert claim.agent.left_m == pytest.approx(10.0, abs=0.01)
    ahead_on_tangent = agent("car", 20.0)
    assert found(keyframe(circle(6.0, 20.0), (ahead_on_tangent,)), circle(6.0, 20.0)) == []
