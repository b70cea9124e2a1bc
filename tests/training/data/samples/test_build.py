"""A data set becomes samples on disk: what lies there, that it is reproducible, and what broken scenes do."""

import json
import shutil
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest
from nuscenes.nuscenes import NuScenes

from tests.training.data.samples import street_data_set as street
from tests.training.data.samples.conftest import SEED, VERSION
from training.data.explanations.conversation import conversation_for
from training.data.samples.build import build_samples
from training.data.samples.keyframe import Proposal
from training.data.samples.keyframe_rows import keyframe_from_row
from training.data.samples.loading import load_conversations, load_keyframes
from training.data.samples.proposals import PROPOSAL_KINDS, proposals_for
from training.data.samples.seeds import stream
from training.data.samples.splits import SPLITS
from training.data.samples.summary import read_summary
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

SCENES = [f"scene-000{i}" for i in range(1, 7)]
WITH_KEYFRAMES = {*SCENES} - {"scene-0005"}


def files_in(directory):
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def all_rows(load, directory):
    return [row for split in SPLITS for row in load(directory, split)]


def broken(dataroot, tmp_path, table, change):
    """A copy of the data set with one table changed in place."""
    copy = tmp_path / "broken"
    shutil.copytree(dataroot, copy)
    file = copy / VERSION / f"{table}.json"
    rows = json.loads(file.read_text())
    change(rows)
    file.write_text(json.dumps(rows))
    return copy


def opened(dataroot):
    return NuScenes(VERSION, str(dataroot), verbose=False)


def test_the_directory_holds_samples_splits_and_counts(built):
    rows = [f"{part}/{split}/00000.parquet" for part in ("conversations", "keyframes") for split in SPLITS]
    assert sorted(files_in(built.directory)) == sorted([*rows, "dataset_info.json", "splits.json", "summary.json"])


def test_without_conversations_there_are_the_same_key_frames_alone(built, nuscenes, tmp_path):
    summary = build_samples(nuscenes, tmp_path / "bare", SEED, conversations=False)
    files, bare = files_in(built.directory), files_in(tmp_path / "bare")
    assert {name: files[name] for name in files if "keyframes" in name} == {
        n: bare[n] for n in bare if "keyframes" in n
    }
    assert set(summary.conversations.values()) == {0}
    assert not any(name.startswith("conversations") for name in bare)


def test_each_scene_is_in_one_split_with_all_of_its_log(built):
    splits = json.loads((built.directory / "splits.json").read_text())
    assert sorted(name for names in splits.values() for name in names) == SCENES
    assert any({"scene-0001", "scene-0002", "scene-0005"} <= set(names) for names in splits.values())
    for split in SPLITS:
        scenes = {row["scene_name"] for row in load_keyframes(built.directory, split)}
        assert scenes == set(splits[split]) & WITH_KEYFRAMES
        assert {row["scene_name"] for row in load_conversations(built.directory, split)} == scenes


def test_the_summary_counts_what_was_written(built):
    summary = built.summary
    assert read_summary(built.directory) == summary
    assert sum(summary.scenes.values()) == 6
    assert sum(summary.keyframes.values()) == 5 * street.KEYFRAMES
    assert summary.skipped_samples == {"less than 1 s of past": 5 * 2 + 2, "future shorter than the horizon": 5 * 6 + 3}
    assert summary.commands == {"straight": 5 * street.KEYFRAMES}
    assert summary.static_scenes == ("scene-0004",)
    assert summary.static_keyframes == street.KEYFRAMES
    assert (summary.failures, summary.logs_in_several_splits) == ({}, ())
    kinds = Counter(row["proposal_kind"] for row in all_rows(load_conversations, built.directory))
    assert kinds == summary.proposal_kinds
    assert set(kinds) <= set(PROPOSAL_KINDS)
    assert kinds["truth"] == kinds["planner_older"] == 5 * street.KEYFRAMES
    assert kinds["frozen"] == 4 * street.KEYFRAMES
    assert 0 < kinds["late_braking"] <= street.KEYFRAMES


def test_rows_are_in_the_data_sets_order(built, nuscenes):
    order = [sample["token"] for sample in nuscenes.sample]
    for split in SPLITS:
        tokens = [row["sample_token"] for row in load_keyframes(built.directory, split)]
        assert tokens == sorted(tokens, key=order.index)
        said = [row["sample_token"] for row in load_conversations(built.directory, split)]
        assert list(dict.fromkeys(said)) == tokens


def test_each_proposal_has_a_conversation_about_the_numbers_of_its_row(built):
    """Key frame and proposal as they are read back give the same words."""
    frames = {row["sample_token"]: keyframe_from_row(row) for row in all_rows(load_keyframes, built.directory)}
    for row in all_rows(load_conversations, built.directory):
        frame = frames[row["sample_token"]]
        proposal = Proposal(row["proposal_kind"], np.array(row["proposal"], np.float32).astype(np.float64))
        said = conversation_for(frame, proposal, stream(SEED, frame.sample_token, proposal.kind))
        assert row["system"] == said.system
        assert row["conversation"] == [{"role": one.role, "content": one.content} for one in said.messages]
        assert (row["tools"], row["command"]) == ("", frame.command)
        np.testing.assert_array_equal(np.array(row["truth"], np.float32), frame.future_ego_m.astype(np.float32))
        assert row["ego_state"]["speed_mps"] == frame.ego_state.speed_mps


def test_proposals_depend_on_seed_and_sample_alone(built):
    row = next(iter(load_keyframes(built.directory, "train")))
    said = [one for one in load_conversations(built.directory, "train") if one["sample_token"] == row["sample_token"]]
    expected = proposals_for(keyframe_from_row(row), Horizon(), stream(SEED, row["sample_token"]))
    assert [one["proposal_kind"] for one in said] == [proposal.kind for proposal in expected]
    for one, proposal in zip(said, expected, strict=True):
        np.testing.assert_array_equal(np.float32(one["proposal"]), proposal.waypoints_ego_m.astype(np.float32))


def test_equal_seeds_give_equal_bytes_however_many_processes_work(built, nuscenes, tmp_path):
    build_samples(nuscenes, tmp_path / "again", SEED, workers=2)
    assert files_in(tmp_path / "again") == files_in(built.directory)
    build_samples(nuscenes, tmp_path / "other", SEED + 1)
    other = files_in(tmp_path / "other")
    assert {name for name, data in files_in(built.directory).items() if other.get(name) != data} >= {
        f"conversations/{split}/00000.parquet" for split in SPLITS
    }


@pytest.mark.parametrize("load", [load_conversations, load_keyframes])
def test_rows_stream_without_being_read_at_once(built, load):
    streamed = load(built.directory, "train", streaming=True)
    assert list(streamed) == list(load(built.directory, "train"))


def test_llama_factory_finds_each_split_in_a_folder_of_its_own(built):
    entries = json.loads((built.directory / "dataset_info.json").read_text())
    assert list(entries) == ["nuscenes_trajectory", "nuscenes_trajectory_val", "nuscenes_trajectory_test"]
    entry = entries["nuscenes_trajectory"]
    assert (entry["formatting"], entry["multimodal"], entry["hf_hub_url"]) == ("sharegpt", True, None)
    (file,) = (built.directory / entry["file_name"]).iterdir()
    row = pq.read_table(file).to_pylist()[0]
    turn = row[entry["columns"]["messages"]][0]
    assert turn[entry["tags"]["role_tag"]] == entry["tags"]["user_tag"]
    assert turn[entry["tags"]["content_tag"]]
    assert {row[entry["columns"][name]] is None for name in ("system", "tools")} == {False}


def remove_a_pose(rows):
    """The first sample of scene-0002."""
    del rows[street.FRAMES * 7]


def break_a_rotation(rows):
    rows[0]["rotation"] = [0.0, 0.0, 0.0, 0.0]


def lose_a_log(rows):
    del rows[0]


@pytest.mark.parametrize(
    ("table", "change", "failed", "why"),
    [
        ("ego_pose", remove_a_pose, ["scene-0002"], "no record"),
        ("ego_pose", break_a_rotation, ["scene-0001"], "rotation: expected a quaternion"),
        ("log", lose_a_log, ["scene-0001", "scene-0002", "scene-0005"], "no record"),
    ],
)
def test_broken_records_skip_their_scene_or_stop(dataroot, tmp_path, table, change, failed, why):
    data_set = opened(broken(dataroot, tmp_path, table, change))
    summary = build_samples(data_set, tmp_path / "out", SEED, on_error="skip")
    assert sorted(summary.failures) == failed
    assert all(why in reason for reason in summary.failures.values())
    assert sum(summary.scenes.values()) == 6 - len(failed)
    assert sum(summary.keyframes.values()) == len(WITH_KEYFRAMES - set(failed)) * street.KEYFRAMES
    with pytest.raises(InvalidField, match=rf"scene\.{failed[0]}.*: expected .* given .*{why}"):
        build_samples(data_set, tmp_path / "stopped", SEED)


def test_a_missing_sensor_file_breaks_its_scene(dataroot, tmp_path):
    copy = broken(dataroot, tmp_path, "log", lambda rows: None)
    for image in (copy / "samples" / "CAM_BACK").glob("scene-0006__CAM_BACK__*"):
        image.unlink()
    summary = build_samples(opened(copy), tmp_path / "out", SEED, on_error="skip")
    assert "scene-0006" in summary.failures
    assert "no samples/CAM_BACK/scene-0006__CAM_BACK__" in summary.failures["scene-0006"]


def test_without_a_map_key_frames_have_none(dataroot, tmp_path):
    copy = broken(dataroot, tmp_path, "log", lambda rows: None)
    shutil.rmtree(copy / "maps" / "expansion")
    build_samples(opened(copy), tmp_path / "out", SEED, shares=(1, 0, 0))
    assert {row["road_map"] for row in load_keyframes(tmp_path / "out", "train")} == {None}


def test_official_splits_are_for_nuscenes_alone(nuscenes, tmp_path):
    with pytest.raises(InvalidField, match="official_splits"):
        build_samples(nuscenes, tmp_path / "out", SEED, official_splits=True)


def test_official_splits_may_share_a_log_and_the_summary_says_so(dataroot, tmp_path):
    def rename(rows):
        for row, name in zip(rows, ["scene-0061", "scene-0103", "scene-0553", "scene-0655"], strict=False):
            row["name"] = name
        del rows[4:]

    data_set = opened(broken(dataroot, tmp_path, "scene", rename))
    summary = build_samples(data_set, tmp_path / "out", SEED, official_splits=True)
    assert summary.scenes == {"train": 3, "val": 1, "test": 0}
    assert summary.logs_in_several_splits == ("log-a",)


def test_wrong_arguments_are_refused_before_anything_is_written(nuscenes, built, tmp_path):
    with pytest.raises(InvalidField, match="out: expected an empty or new folder"):
        build_samples(nuscenes, built.directory, SEED)
    with pytest.raises(InvalidField, match="seed"):
        build_samples(nuscenes, tmp_path / "out", -1)
    with pytest.raises(InvalidField, match="shares"):
        build_samples(nuscenes, tmp_path / "out", SEED, shares=(1.0,))
    assert not (tmp_path / "out").exists()
