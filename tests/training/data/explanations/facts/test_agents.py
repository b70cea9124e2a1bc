import numpy as np
import pytest

from tests.training.data.explanations import situations
from tests.training.data.explanations.scenes import FRONT_M, agent, keyframe, straight
from training.data.explanations.claims import AgentMention, Collision
from training.data.explanations.facts.agents import close_passes, collisions, mention_of
from waymend.trajectory import EgoState


@pytest.mark.parametrize(
    ("box", "ahead_m", "left_m"),
    [
        (agent("car", 20.0), 18.0 - FRONT_M, 0.0),
        (agent("car", 20.0, 3.0, yaw_rad=np.pi / 2), 19.0 - FRONT_M, 3.0),
        (agent("car", 20.0, 0.9), 18.0 - FRONT_M, 0.0),
        (agent("car", 1.0, -3.0), 0.0, -3.0),
        (agent("truck", -15.0, 0.0), -11.0 + 0.657, 0.0),
    ],
)
def test_an_agent_is_placed_by_the_gap_to_a_bumper_and_the_distance_of_its_centre(box, ahead_m, left_m):
    mention = mention_of(box)
    assert (mention.ahead_m, mention.left_m) == pytest.approx((ahead_m, left_m))


@pytest.mark.parametrize(
    ("velocity", "motion"),
    [
        ((0.3, 0.3), "standing"),
        ((5.0, 1.0), "moving"),
        ((-5.0, 1.0), "oncoming"),
        ((1.0, 5.0), "crossing to the left"),
        ((1.0, -5.0), "crossing to the right"),
    ],
)
def test_motion_is_what_the_driver_sees(velocity, motion):
    assert mention_of(agent("car", 20.0, velocity=velocity)).motion == motion


def test_a_box_on_the_vehicle_itself_is_not_spoken_of():
    assert mention_of(agent("car", 1.0)) is None


def test_driving_on_into_a_standing_car_is_a_collision():
    (claim,) = collisions(situations.of(*situations.braking_behind_a_standing_car()))
    assert claim == Collision(AgentMention("car", "standing", pytest.approx(16.573), 0.0), pytest.approx(1.6))


def test_a_pedestrian_is_met_where_its_way_crosses_the_proposal():
    (claim,) = collisions(situations.of(*situations.crossing_pedestrian()))
    assert claim.agent == AgentMention("pedestrian", "crossing to the right", pytest.approx(12.273), 4.0)
    assert claim.time_s == pytest.approx(1.5)


def test_a_contact_that_the_correction_shares_is_no_cause():
    frame = keyframe(straight(10.0), (agent("car", 22.0),))
    assert list(collisions(situations.of(frame, straight(10.2)))) == []


def test_a_contact_half_a_second_later_is_better():
    frame = keyframe(straight(7.0), (agent("car", 22.0),))
    (claim,) = collisions(situations.of(frame, straight(10.0)))
    assert claim.time_s == pytest.approx(1.6)


def test_passing_a_parked_car_closely_is_told_with_the_clearance():
    """A car of 2 m width at 2.165 m to the left leaves 2.165 - 1 - 0.865 = 0.3 m to the straight proposal."""
    frame = keyframe(straight(8.0, left_m=-1.0), (agent("car", 15.0, 2.165),))
    (claim,) = close_passes(situations.of(frame, straight(8.0)))
    assert claim.clearance_m == pytest.approx(0.3, abs=0.01)
    assert claim.agent.left_m == pytest.approx(2.165)


def test_a_wide_berth_is_not_told():
    frame = keyframe(straight(8.0, left_m=-1.0), (agent("car", 15.0, 2.4),))
    assert list(close_passes(situations.of(frame, straight(8.0)))) == []


def test_people_need_more_room_than_cars():
    """0.6 m beside the vehicle is close to a pedestrian and not to a car."""
    for object_class, half_m, claims in (("pedestrian", 0.3, 1), ("car", 1.0, 0)):
        frame = keyframe(straight(8.0, left_m=-1.0), (agent(object_class, 15.0, 0.865 + 0.6 + half_m),))
        assert len(list(close_passes(situations.of(frame, straight(8.0))))) == claims


def test_who_walks_past_a_standing_proposal_is_no_cause():
    walker = agent("pedestrian", 10.0, 1.6, velocity=(-2.0, 0.0))
    frame = keyframe(straight(0.0, 2.0, left_m=-2.0), (walker,), ego_state=EgoState(0.0))
    assert list(close_passes(situations.of(frame, straight(0.0)))) == []
