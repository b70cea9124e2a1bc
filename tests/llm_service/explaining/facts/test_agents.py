import pytest

from llm_service.explaining.claims import AgentMention, Collision
from llm_service.explaining.facts.agents import close_passes, collisions
from tests.llm_service.explaining import situations
from tests.llm_service.explaining.scenes import agent, keyframe, straight
from waymend.trajectory import EgoState


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
