import numpy as np
import pytest

from llm_service.verifier.mention import AgentMention, mention_in_words, mention_of
from tests.llm_service.verifier.scenes import FRONT_M, car, judge, straight
from waymend.agents import AgentBox

REAR_M = FRONT_M - 4.084


@pytest.mark.parametrize(
    ("box", "ahead_m", "left_m"),
    [
        (car(20.0), 18.0 - FRONT_M, 0.0),
        (car(20.0, 3.0, yaw_rad=np.pi / 2), 19.0 - FRONT_M, 3.0),
        (car(20.0, 0.9), 18.0 - FRONT_M, 0.0),
        (car(1.0, -3.0), 0.0, -3.0),
        (car(-15.0, length_m=8.0), -11.0 - REAR_M, 0.0),
    ],
)
def test_an_agent_is_placed_by_the_gap_to_a_bumper_and_the_distance_of_its_centre(box, ahead_m, left_m):
    mention = mention_of(box, REAR_M, FRONT_M)
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
    assert mention_of(car(20.0, velocity=velocity), REAR_M, FRONT_M).motion == motion


def test_a_box_on_the_vehicle_itself_is_not_spoken_of():
    assert mention_of(car(1.0), REAR_M, FRONT_M) is None


@pytest.mark.parametrize(
    ("mention", "words"),
    [
        (AgentMention("car", "standing", 12.4, 0.0), "standing car 12 m ahead"),
        (
            AgentMention("construction_vehicle", "moving", 3.3, -2.6),
            "moving construction vehicle 3.5 m ahead and 2.5 m to the right",
        ),
        (AgentMention("pedestrian", "crossing to the left", -4.0, 0.0), "pedestrian crossing to the left 4 m behind"),
        (AgentMention("traffic_cone", "standing", 0.0, 1.2), "traffic cone 1 m to the left"),
    ],
)
def test_an_agent_in_words(mention, words):
    assert mention_in_words(mention) == words


def test_a_contact_tells_where_the_agent_is_now():
    box = AgentBox("", "truck", (20.0, 0.0, 0.8), 4.0, 2.0, 1.6, 0.0, (0.0, 0.0))
    message = judge(straight(10.0), 10.0, [box])["collision"].message
    assert message == f"touches standing truck {18.0 - FRONT_M:.0f} m ahead after 1.4 s"
