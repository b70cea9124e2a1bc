"""Scenes in which perception matters."""

from dataclasses import replace

import numpy as np
import pytest

from llm_service.modeling.plan_features import constant_turn_rate_and_acceleration
from training.data.samples.keyframe import Keyframe
from training.evaluating.subsets import agent_ahead, agent_meets_ctra, lane_turns, perception_matters
from waymend.agents import AgentBox, Polyline, VectorMap
from waymend.trajectory import EgoState, Horizon

HORIZON = Horizon()
STATE = EgoState(8.0)
STRAIGHT = np.stack([8.0 * HORIZON.times_s, np.zeros(6)], axis=1)
BRAKING = np.stack([8.0 * HORIZON.times_s - HORIZON.times_s**2, np.zeros(6)], axis=1)


def car(x, y, velocity=(0.0, 0.0), yaw=0.0):
    return AgentBox("", "car", (x, y, 0.8), 4.5, 1.9, 1.6, yaw, velocity)


def moment(future=BRAKING, agents=(), lines=()) -> Keyframe:
    lanes = tuple(Polyline("lane_centerline", np.array(line, np.float32)) for line in lines)
    return Keyframe("t", "s", "l", "p", 1, STATE, np.empty((0, 4)), future, "straight", tuple(agents), VectorMap(lanes))


def turning(radius_m=20.0):
    angle = 8.0 * HORIZON.times_s / radius_m
    return np.stack([radius_m * np.sin(angle), radius_m * (1 - np.cos(angle))], axis=1)


def arc(radius_m=20.0):
    angle = np.linspace(-0.3, 1.3, 30)
    return np.stack([radius_m * np.sin(angle), radius_m * (1 - np.cos(angle))], axis=1)


def test_a_truth_that_ctra_foretells_does_not_count_whatever_stands_there():
    assert not perception_matters(moment(STRAIGHT, [car(20.0, 0.0)]), HORIZON)


def test_a_departure_without_a_reason_in_the_scene_does_not_count():
    assert not perception_matters(moment(agents=[car(20.0, 12.0)], lines=[[[-20, 0], [60, 0]]]), HORIZON)


@pytest.mark.parametrize(("gap_m", "ahead"), [(20.0, True), (31.0, True), (45.0, False)])
def test_an_agent_ahead_counts_within_three_seconds_and_ten_metres(gap_m, ahead):
    front_m, half_car_m = 3.427, 2.25
    keyframe = moment(agents=[car(gap_m + front_m + half_car_m, 0.0)])
    assert agent_ahead(keyframe) is ahead


def test_somebody_who_will_cross_the_path_counts():
    crossing = moment(agents=[car(16.0, -12.0, (0.0, 6.0), np.pi / 2)])
    ctra = constant_turn_rate_and_acceleration(STATE, HORIZON.times_s)
    assert agent_meets_ctra(crossing, ctra, HORIZON)
    assert perception_matters(crossing, HORIZON)
    leaving = moment(agents=[car(16.0, -12.0, (0.0, -6.0), np.pi / 2)])
    assert not perception_matters(leaving, HORIZON)


def test_a_lane_that_turns_along_the_true_path_counts():
    assert lane_turns(moment(turning(), lines=[arc()]))
    assert perception_matters(moment(turning(), lines=[arc()]), HORIZON)


def test_a_lane_that_crosses_the_path_or_lies_beside_it_does_not_count():
    crossing, beside = [[10, -20], [10, 20]], arc() + np.array([0.0, 6.0])
    assert not lane_turns(moment(lines=[crossing]))
    assert not lane_turns(moment(turning(), lines=[beside]))
    assert not lane_turns(replace(moment(turning()), road_map=None))
