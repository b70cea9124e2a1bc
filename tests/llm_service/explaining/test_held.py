"""Whatever a model writes, what is sent is so."""

import re

import numpy as np
import pytest

from llm_service.explaining.checking import check
from llm_service.explaining.explanation import explain
from llm_service.explaining.facts.all_facts import true_claims
from llm_service.explaining.held import HeldText
from llm_service.explaining.situation import Situation
from tests.llm_service.explaining import situations
from tests.llm_service.explaining.scenes import agent, keyframe, straight
from waymend.trajectory import EgoState


def held(frame, proposal_ego_m, text, pieces=1):
    """What is sent of a text that is written in pieces of so many characters."""
    holder = HeldText(true_claims(Situation.of(frame, proposal_ego_m, frame.future_ego_m)))
    sent = [holder.add(text[at : at + pieces]) for at in range(0, len(text), pieces)]
    return "".join((*sent, holder.end()))


@pytest.fixture
def braking():
    """The truth ends 11.25 m short of the proposal, at 3.1 m/s instead of 10, behind a car 16.6 m ahead."""
    return situations.braking_behind_a_standing_car()


@pytest.mark.parametrize("make", situations.ALL)
@pytest.mark.parametrize("pieces", [1, 7, 10_000])
def test_what_is_so_is_sent_as_it_was_written(make, pieces):
    frame, proposal = make()
    for seed in range(20):
        text = explain(frame, proposal, frame.future_ego_m, np.random.default_rng(seed))
        assert held(frame, proposal, text, pieces) == text


def test_numbers_sides_and_agents_are_the_measured_ones(braking):
    said = (
        "The plan collides with the moving bus 3 m ahead at 0.5 s, so the correction is 2.0 m ahead of the planned "
        "position at 3.0 s. The final speed changes from 3.0 m/s to 9.9 m/s."
    )
    sent = held(*braking, said)
    assert re.fullmatch(
        r"The [a-z ]+ collides with the standing car 17 m ahead at 1.6 s, so the [a-z ]+ is (11.3|about 11) m "
        r"(behind|short of) the planned position at 3 s. The final speed changes from 10.0 m/s to 3.1 m/s.",
        sent,
    ), sent
    assert check(sent, braking[0], braking[1], braking[0].future_ego_m).faithful


def test_units_stay_those_of_the_model(braking):
    sent = held(
        *braking,
        "After 3 seconds the correction has come 2 metres less far than planned. Be at 20 km/h in "
        "the end rather than at 30 km/h.",
    )
    assert sent.startswith("After 3 seconds")
    assert " metres less far than planned. Be at 11 km/h in the end rather than at 36 km/h." in sent


def test_what_was_not_measured_is_left_out(braking):
    so = "the correction is 11.3 m short of the planned position at 3 s."
    said = f"The plan leaves the road on the left by 0.8 m, so {so}"
    assert held(*braking, said) == so.replace("the", "The", 1)
    assert held(*braking, f"Something else altogether. {said}") == held(*braking, said)
    assert held(*braking, "The route goes straight ahead, and the plan is sweet.") == "The route goes straight ahead."


def test_a_reason_stays_where_the_change_answers_to_it():
    frame, proposal = situations.into_the_oncoming_lane()
    change, cause = "the correction is 3.5 m farther right after 3 s", "the plan is in the oncoming lane from 1 s on"
    assert " because " in held(frame, proposal, f"{change} because {cause}.")
    frame, proposal = situations.reversing()
    said = "The plan drives backwards, so the correction is 24 m farther right after 3 s."
    assert " so " not in held(frame, proposal, said)


def test_nothing_is_said_twice(braking):
    once = "The correction is 11.3 m short of the planned position at 3 s."
    assert held(*braking, f"{once} {once} After 3 s the correction has come 9 m less far than planned.") == once


NOTHING = ("", "Lorem ipsum, dolor; sit amet", "The correction is 11.3 m short of the", "\n\0 <|traj|>.")


@pytest.mark.parametrize("said", NOTHING)
def test_the_measured_facts_speak_where_the_model_says_nothing(braking, said):
    frame, proposal = braking
    sent = held(frame, proposal, said)
    assert check(sent, frame, proposal, frame.future_ego_m).faithful
    assert held(frame, proposal, "") == sent


def test_a_plan_that_is_kept_for_want_of_a_better_one_is_not_called_good(braking):
    frame, _ = braking
    blocked = keyframe(straight(10.0), frame.agents, ego_state=frame.ego_state)
    for said in ("", "The plan is good as it is.", "Nothing to correct."):
        assert re.fullmatch(
            "The [a-z ]+ although (it fails a check|a check fails)\\.( .*)?", held(blocked, straight(10.0), said)
        )


def test_the_agent_that_the_model_speaks_of_is_the_one_that_is_measured():
    agents = (agent("car", 18.0, 0.5), agent("pedestrian", 16.0, 4.0, velocity=(0.0, -1.8)))
    frame = keyframe(straight(8.0, -2.6), agents, ego_state=EgoState(8.0))
    for noun, other in (("standing car", "pedestrian"), ("pedestrian crossing to the right", "car")):
        sent = held(frame, straight(8.0), f"The plan collides with the {noun} 3 m ahead at 2.9 s.")
        assert noun in sent, sent
        assert other not in sent


def test_white_space_of_any_kind_ends_a_sentence(braking):
    once = "The correction is 11.3 m short of the planned position at 3 s."
    assert held(*braking, f"{once}\nThe route goes straight ahead; ") == f"{once} The route goes straight ahead."


def scrambled(text: str, random: np.random.Generator) -> str:
    """Other numbers, sides, directions and ends."""
    text = re.sub(r"\d+(\.\d+)?", lambda _: f"{random.uniform(0, 20):.1f}", text)
    text = re.sub(r"\b(left|right)\b", lambda _: str(random.choice(["left", "right"])), text)
    return text[: int(random.integers(len(text) + 1))] if random.random() < 0.3 else text


@pytest.mark.parametrize("seed", range(60))
def test_any_text_about_any_scene_is_sent_true(seed):
    random = np.random.default_rng(seed)
    frame, proposal = situations.random_situation(random)
    other, other_proposal = situations.random_situation(random)
    for of in ((frame, proposal), (other, other_proposal)):
        text = scrambled(explain(*of, of[0].future_ego_m, random), random)
        verdict = check(held(frame, proposal, text, int(random.integers(1, 9))), frame, proposal, frame.future_ego_m)
        assert verdict.faithful, (text, verdict)
