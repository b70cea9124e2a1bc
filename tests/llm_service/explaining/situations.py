"""Situations by hand, each with one thing wrong with its proposal."""

import numpy as np

from llm_service.explaining.situation import Situation
from tests.llm_service.explaining.scenes import agent, circle, keyframe, left_bend, straight, two_lane_road
from waymend.trajectory import EgoState


def of(frame, proposal_ego_m):
    """The correction is the truth."""
    return Situation.of(frame, proposal_ego_m, frame.future_ego_m)


def braking_behind_a_standing_car():
    """At 10 m/s the truth brakes with 2.5 m/s^2; the bumper of a car is 16.573 m ahead; the proposal drives on."""
    frame = keyframe(straight(10.0, -2.5), (agent("car", 22.0),), ego_state=EgoState(10.0))
    return frame, straight(10.0)


def crossing_pedestrian():
    """From the left at 1.8 m/s, in the vehicle's way after 1.5 s; the truth brakes, the proposal drives on at 8 m/s."""
    walker = agent("pedestrian", 16.0, 4.0, velocity=(0.0, -1.8))
    return keyframe(straight(8.0, -2.0), (walker,), ego_state=EgoState(8.0)), straight(8.0)


def into_the_oncoming_lane():
    """The truth keeps its lane at 8 m/s, the proposal ends 3.5 m to the left, in the middle of the other lane."""
    return keyframe(straight(8.0), road_map=two_lane_road()), straight(8.0, left_m=3.5)


def cut_bend():
    """The truth follows a lane of radius 20 m to the left at 8 m/s, the proposal one of 18 m."""
    frame = keyframe(circle(8.0, 20.0), road_map=left_bend(), ego_state=EgoState(8.0, 0.0, 0.4), command="left")
    return frame, circle(8.0, 18.0)


def good_proposal():
    """0.14 m beside the truth at every waypoint."""
    return keyframe(straight(8.0), road_map=two_lane_road()), straight(8.0) + 0.1


def standing():
    """The vehicle stands 1.573 m behind a standing car, the proposal creeps at 2 m/s into it."""
    return keyframe(straight(0.0), (agent("car", 7.0),), two_lane_road()), straight(2.0)


def too_fast_in_a_bend():
    """A circle of 20 m at 11 m/s needs 6 m/s^2 to the side; the truth drives it at 8 m/s."""
    return keyframe(circle(8.0, 20.0), ego_state=EgoState(8.0, 0.0, 0.4), command="left"), circle(11.0, 20.0)


def reversing():
    return keyframe(straight(5.0)), straight(-3.0)


def far_off():
    return keyframe(straight(5.0)), straight(160.0)


ALL = (
    braking_behind_a_standing_car,
    crossing_pedestrian,
    into_the_oncoming_lane,
    cut_bend,
    good_proposal,
    standing,
    too_fast_in_a_bend,
    reversing,
    far_off,
)


def random_situation(random: np.random.Generator):
    """A drive with up to eight agents, on the two-lane road, the bend or no map, and a proposal of some kind."""
    speed_mps, acceleration_mps2 = random.uniform(0, 14), random.uniform(-3, 2)
    bends = random.random() < 0.3
    truth = circle(max(speed_mps, 2.0), 20.0) if bends else straight(speed_mps, acceleration_mps2)
    kinds = ("car", "truck", "pedestrian", "bicycle", "traffic_cone", "barrier", "bus")
    agents = tuple(
        agent(
            kinds[int(random.integers(len(kinds)))],
            random.uniform(-15, 40),
            random.uniform(-8, 8),
            velocity=tuple(random.normal(0, 4, 2) * (random.random() < 0.6)),
            yaw_rad=random.uniform(-np.pi, np.pi),
        )
        for _ in range(int(random.integers(9)))
    )
    road_map = (left_bend() if bends else two_lane_road()) if random.random() < 0.7 else None
    command = ("left", "right", "straight")[int(random.integers(3))]
    frame = keyframe(truth, agents, road_map, EgoState(speed_mps, acceleration_mps2, 0.4 * bends), command)
    proposals = (
        lambda: truth + np.linspace(0, 1, 6)[:, None] ** 2 * random.normal(0, 3, 2),
        lambda: truth * random.uniform(0.5, 1.6),
        lambda: straight(speed_mps, left_m=random.uniform(-5, 5)),
        lambda: random.normal(0, 5, (6, 2)).cumsum(axis=0),
        lambda: np.zeros((6, 2)),
        lambda: straight(-random.uniform(0, 5)),
        lambda: truth.copy(),
    )
    return frame, proposals[int(random.integers(len(proposals)))]()
