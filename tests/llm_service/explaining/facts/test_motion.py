import numpy as np
import pytest

from llm_service.explaining.claims import EgoSpeed, KeepsMotion, LimitExceeded, Motion, Reverses, Sound, StandsStill
from llm_service.explaining.facts import motion
from tests.llm_service.explaining import situations
from tests.llm_service.explaining.scenes import agent, circle, keyframe, straight, two_lane_road
from waymend.trajectory import EgoState


def test_too_fast_in_a_bend_exceeds_the_lateral_limit():
    claims = {
        claim.quantity: claim for claim in motion.exceeded_limits(situations.of(*situations.too_fast_in_a_bend()))
    }
    lateral = claims["lateral acceleration"]
    assert lateral == LimitExceeded("lateral acceleration", pytest.approx(11.0**2 / 20, rel=0.01), "m/s^2", 4.89)


def test_an_emergency_stop_exceeds_the_braking_limit():
    frame = keyframe(straight(10.0, -3.0), ego_state=EgoState(10.0))
    claims = {claim.quantity: claim for claim in motion.exceeded_limits(situations.of(frame, straight(10.0, -6.0)))}
    assert claims["braking"] == LimitExceeded("braking", pytest.approx(6.0, abs=0.1), "m/s^2", 4.05)
    assert "acceleration" not in claims


def test_a_limit_that_the_correction_exceeds_too_is_no_cause():
    frame = keyframe(straight(10.0, -6.0), ego_state=EgoState(10.0))
    assert "braking" not in {c.quantity for c in motion.exceeded_limits(situations.of(frame, straight(10.0, -7.0)))}


def test_reversing_and_standing_still_are_odd_where_the_truth_drives_on():
    assert list(motion.odd_motions(situations.of(*situations.reversing()))) == [Reverses()]
    assert list(motion.odd_motions(situations.of(keyframe(straight(5.0)), np.zeros((6, 2))))) == [StandsStill()]
    assert list(motion.odd_motions(situations.of(keyframe(straight(0.0)), np.zeros((6, 2))))) == []


@pytest.mark.parametrize(
    ("speed_mps", "acceleration_mps2", "kinds"),
    [
        (0.0, 0.0, {"stands"}),
        (6.0, -3.0, {"stops", "goes straight"}),
        (0.0, 1.5, {"starts", "goes straight"}),
        (8.0, -1.0, {"slows down", "goes straight"}),
        (8.0, 1.0, {"speeds up", "goes straight"}),
        (8.0, 0.0, {"keeps its speed", "goes straight"}),
    ],
)
def test_the_pace_is_told_from_the_correction(speed_mps, acceleration_mps2, kinds):
    truth = straight(speed_mps, acceleration_mps2)
    frame = keyframe(truth, ego_state=EgoState(speed_mps, acceleration_mps2))
    claims = list(motion.contexts(situations.of(frame, truth)))
    assert {claim.kind for claim in claims if isinstance(claim, Motion)} == kinds
    assert EgoSpeed(speed_mps) in claims


@pytest.mark.parametrize(("radius_m", "kind"), [(20.0, "turns left"), (-20.0, "turns right")])
def test_turns_have_a_side(radius_m, kind):
    claims = motion.contexts(situations.of(keyframe(circle(6.0, radius_m)), straight(6.0)))
    assert Motion(kind) in list(claims)


def test_a_correction_nearer_to_the_present_motion_is_told():
    frame = keyframe(straight(8.0), ego_state=EgoState(8.0))
    assert list(motion.kept_motion(situations.of(frame, straight(10.0)))) == [KeepsMotion()]
    braking = keyframe(straight(8.0, -2.0), ego_state=EgoState(8.0))
    assert list(motion.kept_motion(situations.of(braking, straight(8.0)))) == []


def test_a_check_that_cannot_be_made_is_not_passed():
    on_road = situations.of(keyframe(straight(8.0), road_map=two_lane_road()), straight(8.0))
    assert list(motion.soundness(on_road)) == [Sound("contact"), Sound("road"), Sound("limits")]
    blocked = situations.of(keyframe(straight(8.0), (agent("car", 20.0),)), straight(8.0))
    assert list(motion.soundness(blocked)) == [Sound("limits")]
