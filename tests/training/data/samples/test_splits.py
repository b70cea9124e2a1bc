"""Splits: by whole logs, of the wanted size, and never leaking."""

import pytest
from nuscenes.utils.splits import create_splits_scenes

from training.data.samples.splits import check_no_leak, official_splits_of, split_scenes
from waymend.errors import InvalidField


def logs_of(*sizes):
    """Scenes in logs of the given sizes."""
    return {f"scene-{log}-{i}": f"log-{log}" for log, size in enumerate(sizes) for i in range(size)}


def sizes(splits):
    return [len(scenes) for scenes in splits.values()]


def test_logs_of_one_scene_meet_the_shares_exactly():
    assert sizes(split_scenes(logs_of(*[1] * 200), seed=7)) == [160, 20, 20]


def test_uneven_logs_meet_the_shares_as_nearly_as_they_can():
    log_of_scene = logs_of(50, *[1] * 10)
    assert sizes(split_scenes(log_of_scene, seed=1)) == [50, 5, 5]
    uneven = logs_of(30, 21, 17, 13, 11, 8, 7, 6, 5, 4, 3, 2, 2, 1)
    for seed in range(20):
        train, val, test = sizes(split_scenes(uneven, seed))
        assert train == pytest.approx(104, abs=2)
        assert val == pytest.approx(13, abs=2)
        assert test == pytest.approx(13, abs=2)


def test_every_scene_is_in_one_split_and_no_log_in_two():
    log_of_scene = logs_of(9, 7, 7, 5, 3, 3, 2, 1, 1, 1)
    splits = split_scenes(log_of_scene, seed=3)
    assert sorted(scene for scenes in splits.values() for scene in scenes) == sorted(log_of_scene)
    check_no_leak(splits, log_of_scene)


def test_equal_seeds_agree_and_others_do_not():
    log_of_scene = logs_of(*[2] * 30)
    assert split_scenes(log_of_scene, 1) == split_scenes(log_of_scene, 1)
    assert split_scenes(log_of_scene, 1) != split_scenes(log_of_scene, 2)


def test_the_order_of_the_scenes_does_not_matter():
    log_of_scene = logs_of(*[3] * 10)
    backwards = dict(reversed(log_of_scene.items()))
    forth, back = split_scenes(log_of_scene, 1), split_scenes(backwards, 1)
    assert {split: set(scenes) for split, scenes in forth.items()} == {split: set(s) for split, s in back.items()}


@pytest.mark.parametrize(
    ("logs", "shares", "expected"),
    [
        ((4, 4, 4), (0.8, 0.1, 0.1), [4, 4, 4]),
        ((4, 4), (0.8, 0.1, 0.1), [4, 4, 0]),
        ((5,), (0.8, 0.1, 0.1), [5, 0, 0]),
        ((2, 2, 2, 2), (0.5, 0.5, 0.0), [4, 4, 0]),
        ((2, 1), (0.0, 0.0, 1.0), [0, 0, 3]),
    ],
)
def test_few_logs_give_each_split_with_a_share_one_if_there_are_enough(logs, shares, expected):
    assert sizes(split_scenes(logs_of(*logs), seed=0, shares=shares)) == expected


@pytest.mark.parametrize("shares", [(0.9, 0.1), (1.0, -0.1, 0.1), (0.0, 0.0, 0.0), (float("nan"), 1.0, 1.0)])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(InvalidField, match="shares: expected three numbers"):
        split_scenes(logs_of(1, 1, 1), seed=0, shares=shares)


def test_a_leak_is_found():
    logs = {"a": "log-1", "b": "log-1", "c": "log-2"}
    check_no_leak({"train": ["a", "b"], "val": ["c"]}, logs)
    with pytest.raises(InvalidField, match="each log in one split, given log-1 in train and val"):
        check_no_leak({"train": ["a"], "val": ["b", "c"]}, logs)
    with pytest.raises(InvalidField, match="each scene in one split, given a in train and test"):
        check_no_leak({"train": ["a", "b"], "test": ["a"]}, logs, by_log=False)
    check_no_leak({"train": ["a"], "val": ["b", "c"]}, logs, by_log=False)


def test_the_official_splits_are_nuscenes_own():
    official = create_splits_scenes()
    mini = official_splits_of(["scene-0061", "scene-0103", "scene-0916", "scene-1094"], "v1.0-mini")
    assert mini == {"train": ("scene-0061", "scene-1094"), "val": ("scene-0103", "scene-0916"), "test": ()}
    whole = official_splits_of(official["val"] + official["train"], "v1.0-trainval")
    assert sizes(whole) == [700, 150, 0]
    assert sizes(official_splits_of(official["test"], "v1.0-test")) == [0, 0, 150]


def test_scenes_that_nuscenes_does_not_know_are_refused():
    with pytest.raises(InvalidField, match=r"official_splits: expected .* given scene-9999"):
        official_splits_of(["scene-0061", "scene-9999"], "v1.0-mini")
