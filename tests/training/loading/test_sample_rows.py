"""Fewer rows, and rows to evaluate on."""

import pytest

from training.loading.sample_rows import read_rows
from waymend.errors import InvalidField


def scenes_of(rows):
    return set(rows.conversations["scene_name"])


def test_a_split_has_a_row_per_proposal_and_names_its_key_frames_once(rows):
    assert len(rows) == 30
    assert len(rows.sample_tokens) == 3
    assert set(rows.sample_tokens) == set(rows.keyframes["sample_token"])


def test_a_limit_draws_from_the_whole_split_and_keeps_the_order(rows):
    few = rows.limited(12, seed=0)
    everything = [(row["sample_token"], row["proposal_kind"]) for row in rows.conversations]
    drawn = [(row["sample_token"], row["proposal_kind"]) for row in few.conversations]
    assert len(few) == 12
    assert drawn == [one for one in everything if one in drawn]
    assert scenes_of(few) == {"scene-0001", "scene-0002"}
    assert len({kind for _, kind in drawn}) > 4


def test_the_same_seed_draws_the_same_rows_and_another_seed_others(rows):
    drawn = [rows.limited(12, seed).conversations["conversation"][:] for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


@pytest.mark.parametrize("max_samples", [None, 30, 100_000])
def test_a_limit_that_is_not_reached_changes_nothing(rows, max_samples):
    assert rows.limited(max_samples, seed=0) is rows


@pytest.mark.parametrize("val_size", [0.1, 0.5, 9])
def test_evaluation_takes_whole_scenes(rows, val_size):
    train, evaluation = rows.split_off(val_size, seed=0)
    assert scenes_of(train) | scenes_of(evaluation) == scenes_of(rows)
    assert not scenes_of(train) & scenes_of(evaluation)
    assert not set(train.sample_tokens) & set(evaluation.sample_tokens)
    assert len(train) + len(evaluation) == len(rows)


def test_the_same_seed_splits_alike(rows):
    once, again = (rows.split_off(0.5, seed=4)[1].sample_tokens for _ in range(2))
    assert once == again


@pytest.mark.parametrize("val_size", [0, -0.1, 30, 100])
def test_an_evaluation_that_leaves_nothing_on_one_side_is_refused(rows, val_size):
    with pytest.raises(InvalidField, match=r"val_size: expected a share above 0 and below 1, or fewer than 30"):
        rows.split_off(val_size, seed=0)


def test_one_scene_cannot_be_split(rows):
    train, _ = rows.split_off(0.5, seed=0)
    with pytest.raises(InvalidField, match="one scene"):
        train.split_off(0.5, seed=0)


def test_no_rows_can_be_drawn_from_a_negative_limit(rows):
    with pytest.raises(InvalidField, match="max_samples: expected at least 1"):
        rows.limited(0, seed=0)


def test_a_split_that_was_not_built_is_refused(samples):
    with pytest.raises(InvalidField, match="split: expected one of train, given val"):
        read_rows(samples, "val")


def test_a_stride_keeps_every_so_many_key_frames_of_each_scene(rows):
    first, _, third = rows.sample_tokens
    assert rows.every(2).sample_tokens == (first, third)
    assert rows.every(1) is rows
    assert len(rows.every(2)) == sum(token != rows.sample_tokens[1] for token in rows.conversations["sample_token"])
