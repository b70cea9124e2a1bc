import re

import numpy as np
import pytest

from llm_service.explaining import claims
from llm_service.explaining.checking import check
from llm_service.explaining.explanation import MOST_SENTENCES, MOST_WORDS, explain
from llm_service.explaining.wording.joints import sentences_of
from llm_service.explaining.wording.voice import Style
from tests.llm_service.explaining import situations
from tests.llm_service.explaining.scenes import agent, keyframe, straight
from waymend.errors import InvalidField


def explained(frame, proposal, seed=0, style=None):
    return explain(frame, proposal, frame.future_ego_m, np.random.default_rng(seed), style)


def claims_in(frame, proposal, seed):
    verdict = check(explained(frame, proposal, seed), frame, proposal, frame.future_ego_m)
    return [finding.claim for finding in verdict.findings if finding.claim is not None]


RANDOM = [situations.random_situation(np.random.default_rng(seed)) for seed in range(150)]


@pytest.mark.parametrize(
    ("situation", "cause", "change"),
    [
        (situations.braking_behind_a_standing_car, claims.Collision, claims.ShiftAlong),
        (situations.crossing_pedestrian, claims.Collision, claims.ShiftAlong),
        (situations.into_the_oncoming_lane, claims.OncomingLane, claims.ShiftAcross),
        (situations.cut_bend, claims.CutsBend, claims.ShiftAcross),
        (situations.too_fast_in_a_bend, claims.LimitExceeded, claims.ShiftAlong),
        (situations.reversing, claims.Reverses, claims.ShiftAlong),
        (situations.standing, claims.Collision, claims.ShiftAlong),
        (situations.far_off, claims.LimitExceeded, claims.ShiftAlong),
    ],
)
def test_the_gravest_cause_and_what_changes_are_always_said(situation, cause, change):
    for seed in range(20):
        said = claims_in(*situation(), seed)
        assert isinstance(next(claim for claim in said if isinstance(claim, claims.Cause)), cause)
        assert any(isinstance(claim, change) for claim in said)


def test_a_good_proposal_is_left_alone():
    for seed in range(20):
        said = claims_in(*situations.good_proposal(), seed)
        assert said[0] == claims.NoChange()
        assert not any(isinstance(claim, claims.Cause) for claim in said)


def test_where_no_cause_is_found_only_the_change_is_said():
    frame = keyframe(straight(8.0, -1.0))
    for seed in range(20):
        said = claims_in(frame, straight(8.0), seed)
        assert isinstance(said[0], claims.Change)
        assert not any(isinstance(claim, claims.Cause) for claim in said)


@pytest.mark.parametrize("number", range(len(RANDOM)))
def test_whatever_is_said_is_faithful_and_short(number):
    frame, proposal = RANDOM[number]
    for seed in range(4):
        text = explained(frame, proposal, seed)
        verdict = check(text, frame, proposal, frame.future_ego_m)
        assert verdict.faithful, (text, verdict)
        assert 1 <= len(sentences_of(text)) <= MOST_SENTENCES
        assert len(text.split()) < MOST_WORDS


@pytest.mark.parametrize("number", range(0, len(RANDOM), 3))
def test_any_number_that_is_changed_makes_it_unfaithful(number):
    frame, proposal = RANDOM[number]
    text = explained(frame, proposal)
    for match in re.finditer(r"(?<!\^)\b\d+(?:\.\d+)?", text):
        wrong = f"{text[: match.start()]}{2 * float(match[0]) + 3:g}{text[match.end() :]}"
        assert not check(wrong, frame, proposal, frame.future_ego_m).faithful, wrong


SWAPS = {
    "left": "right", "right": "left", "ahead": "behind", "shorter": "longer", "longer": "shorter", "behind": "ahead",
    "standing": "moving", "moving": "oncoming", "car": "truck", "truck": "bus", "pedestrian": "bicycle",
    "backward": "forward", "forward": "backward", "cut": "raised", "reduced": "extended", "raised": "cut",
}  # fmt: skip


@pytest.mark.parametrize("number", range(1, len(RANDOM), 3))
def test_any_direction_or_class_that_is_changed_makes_it_unfaithful(number):
    frame, proposal = RANDOM[number]
    text = explained(frame, proposal)
    for match in re.finditer(r"\b[A-Za-z]+\b", text):
        if match[0] in SWAPS:
            wrong = text[: match.start()] + SWAPS[match[0]] + text[match.end() :]
            assert not check(wrong, frame, proposal, frame.future_ego_m).faithful, wrong


def test_one_scene_is_put_in_many_ways():
    frame, proposal = situations.braking_behind_a_standing_car()
    assert len({explained(frame, proposal, seed) for seed in range(200)}) > 100
    for style in Style:
        assert len({explained(frame, proposal, seed, style) for seed in range(50)}) > 20


def test_equal_generators_give_equal_texts():
    frame, proposal = situations.crossing_pedestrian()
    again = situations.crossing_pedestrian()
    assert [explained(frame, proposal, seed) for seed in range(20)] == [explained(*again, seed) for seed in range(20)]


def test_an_agent_too_many_is_never_spoken_of():
    """Far from both trajectories, so that it is neither cause nor lead."""
    frame, proposal = situations.braking_behind_a_standing_car()
    aside = keyframe(frame.future_ego_m, (*frame.agents, agent("bus", 5.0, 30.0)), ego_state=frame.ego_state)
    assert not any("bus" in explained(aside, proposal, seed) for seed in range(50))


@pytest.mark.parametrize(
    "proposal", [np.zeros((5, 2)), np.zeros((0, 2)), np.zeros((6, 3)), np.full((6, 2), np.nan), np.full((6, 2), 501.0)]
)
def test_a_proposal_that_is_no_trajectory_is_refused(proposal):
    with pytest.raises(InvalidField, match="ego_m"):
        explained(keyframe(straight(5.0)), proposal)


@pytest.mark.parametrize("waypoints", [1, 2, 12])
def test_other_horizons_do_as_well(waypoints):
    times_s = 0.5 * np.arange(1, waypoints + 1)
    truth, proposal = (np.stack((speed * times_s, 0 * times_s), axis=1) for speed in (6.0, 8.0))
    frame = keyframe(truth, (agent("car", 12.0),))
    assert check(explained(frame, proposal), frame, proposal, truth).faithful
