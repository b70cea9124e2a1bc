"""Which cases are evaluated."""

from collections import Counter

import numpy as np
import pytest

from training.data.samples.loading import load_conversations
from training.evaluating.case_selection import given_cases, own_cases
from waymend.errors import InvalidField

PLAN = np.zeros((6, 2))


def test_a_split_has_all_its_proposals_with_their_key_frames(data):
    chosen = own_cases(data, "test")
    rows = list(load_conversations(data, "test"))
    assert [(case.sample_token, case.kind) for case in chosen.cases] == [
        (row["sample_token"], row["proposal_kind"]) for row in rows
    ]
    np.testing.assert_array_equal(chosen.cases[3].proposal_ego_m, np.array(rows[3]["proposal"]))
    np.testing.assert_allclose(chosen.cases[3].truth_ego_m, np.array(rows[3]["truth"]), atol=1e-6)
    assert len(chosen.keyframes) == 2


def test_all_splits_are_looked_through_where_that_is_asked(data):
    chosen = own_cases(data, "all", kinds=("truth",))
    assert [case.split for case in chosen.cases] == ["train", "train", "val", "val", "test", "test"]


def test_kinds_are_chosen_by_name(data):
    cases = own_cases(data, "test", kinds=("planner_good", "frozen")).cases
    assert Counter(case.kind for case in cases) == {"planner_good": 2, "frozen": 2}


def test_a_limit_takes_whole_key_frames_and_scenes_take_turns(data):
    of_a_frame = len(own_cases(data, "test").cases) // 2
    limited = own_cases(data, "all", limit=3 * of_a_frame, seed=1)
    assert len(limited.cases) <= 3 * of_a_frame
    assert {case.keyframe.scene_name for case in limited.cases} == {"scene-0001", "scene-0002", "scene-0003"}
    again = own_cases(data, "all", limit=3 * of_a_frame, seed=1)
    assert [(c.sample_token, c.kind) for c in again.cases] == [(c.sample_token, c.kind) for c in limited.cases]


def test_a_limit_is_met_exactly(data):
    assert len(own_cases(data, "all", limit=7).cases) == 7


def test_given_proposals_find_their_key_frames_in_any_split_and_others_are_told(data, keyframes):
    proposals = {"unknown": PLAN, keyframes[0].sample_token: PLAN + 1, keyframes[-1].sample_token: PLAN + 2}
    chosen = given_cases(data, "all", proposals)
    assert [(case.split, case.kind) for case in chosen.cases] == [("train", "given"), ("test", "given")]
    np.testing.assert_array_equal(chosen.cases[1].proposal_ego_m, PLAN + 2)
    assert chosen.missing_tokens == ("unknown",)
    assert chosen.given_tokens == 3
    assert chosen.keyframes_without_proposal == 4


def test_what_is_not_there_is_refused(data, tmp_path):
    for wrong, ask in {
        "split": lambda: own_cases(data, "dev"),
        "kinds": lambda: own_cases(data, "test", kinds=("nonsense",)),
        "limit": lambda: own_cases(data, "test", limit=0),
        "data": lambda: own_cases(tmp_path, "test"),
        "proposals": lambda: given_cases(data, "all", {"unknown": PLAN}),
    }.items():
        with pytest.raises(InvalidField) as refused:
            ask()
        assert refused.value.field == wrong


def test_a_kind_of_which_the_split_has_none_is_refused(data):
    with pytest.raises(InvalidField, match=r"kinds that .* has proposals of"):
        own_cases(data, "test", kinds=("corner_cutting",))
