import numpy as np
import pytest

from llm_service.explaining import claims
from llm_service.explaining.selection import select

SHIFT_NOW = claims.ShiftAlong("shorter", 0.4, 0.5)
ALONG, ACROSS = claims.ShiftAlong("shorter", 2.0, 3.0), claims.ShiftAcross("right", 1.0, 3.0)
SPEEDS = claims.FinalSpeed(8.0, 6.0)
OFFSETS = [claims.LaneOffset("left", offset_m, time_s) for offset_m, time_s in ((0.9, 2.0), (1.4, 2.5), (1.2, 3.0))]


def selections(*facts, draws=60):
    return [select(facts, np.random.default_rng(seed)) for seed in range(draws)]


def test_the_change_that_answers_to_the_cause_goes_before_a_greater_one():
    for selection in selections(ALONG, ACROSS, claims.CutsBend("left", 1.0, 3.0)):
        assert (selection.change, selection.answered) == (ACROSS, True)


def test_the_greatest_change_at_the_end_is_said_where_there_is_no_cause():
    for selection in selections(SHIFT_NOW, ALONG, ACROSS, SPEEDS):
        assert (selection.cause, selection.change, selection.answered) == (None, ALONG, False)
        assert set(selection.extras) <= {ACROSS, SPEEDS}


def test_where_both_end_alike_the_greatest_change_on_the_way_is_said():
    end = claims.ShiftAlong("shorter", 0.1, 3.0)
    assert {selection.change for selection in selections(SHIFT_NOW, end)} == {SHIFT_NOW}


def test_of_many_lane_offsets_the_greatest_is_said():
    assert {selection.cause for selection in selections(ACROSS, *OFFSETS)} == {OFFSETS[1]}


def test_a_cut_bend_is_not_said_twice():
    cut = claims.CutsBend("left", 1.4, 2.5)
    for selection in selections(ACROSS, cut, *OFFSETS):
        assert selection.cause == cut
        assert not any(isinstance(extra, claims.LaneOffset) for extra in selection.extras)


def test_a_lane_change_of_the_truth_is_always_worth_a_word():
    change = claims.LaneChange("left", 1.5)
    assert all(change in selection.extras for selection in selections(ACROSS, change))


@pytest.mark.parametrize("change", [claims.NoChange(), claims.Kept()])
def test_a_proposal_that_is_kept_has_no_cause_whatever_is_true(change):
    for selection in selections(change, ALONG, *OFFSETS, claims.Sound("road")):
        assert (selection.cause, selection.change) == (None, change)
