"""Files of bounded size, written as rows come."""

import pyarrow.parquet as pq
import pytest

from tests.training.data.samples.keyframes import HORIZON, keyframe, straight_on
from training.data.samples.conversation_rows import conversation_rows
from training.data.samples.keyframe_rows import keyframe_row
from training.data.samples.loading import load_conversations, load_keyframes
from training.data.samples.shards import SplitWriter, shards_of
from waymend.errors import InvalidField


def scene_of(count, name):
    frames = [keyframe(straight_on(), sample_token=f"{name}-{i}") for i in range(count)]
    return [keyframe_row(frame) for frame in frames], conversation_rows(frames[0], HORIZON, seed=0)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    directory = tmp_path_factory.mktemp("shards")
    with SplitWriter(directory, "train", keyframes_per_shard=5) as writer:
        for count, name in ((3, "a"), (2, "b"), (4, "c"), (2, "d")):
            writer.write(*scene_of(count, name))
        writer.write([], [])
    return directory


def test_a_scene_that_does_not_fit_begins_the_next_shard(written):
    tokens = [pq.read_table(file)["sample_token"].to_pylist() for file in shards_of(written, "keyframes", "train")]
    assert tokens == [["a-0", "a-1", "a-2", "b-0", "b-1"], ["c-0", "c-1", "c-2", "c-3"], ["d-0", "d-1"]]


def test_conversations_are_in_the_shard_of_their_key_frames(written):
    said = [pq.read_table(file)["sample_token"].unique() for file in shards_of(written, "conversations", "train")]
    assert [tokens.to_pylist() for tokens in said] == [["a-0", "b-0"], ["c-0"], ["d-0"]]


def test_each_scene_is_a_row_group(written):
    groups = [pq.ParquetFile(file).num_row_groups for file in shards_of(written, "keyframes", "train")]
    assert groups == [2, 1, 1]


@pytest.mark.parametrize("streaming", [False, True])
def test_all_shards_are_read_in_their_order(written, streaming):
    rows = load_keyframes(written, "train", streaming)
    assert [row["sample_token"][0] for row in rows] == [*"aaabbccccdd"]


@pytest.mark.parametrize("split", ["val", "training", "../train"])
def test_a_split_that_is_not_there_is_refused(written, split):
    with pytest.raises(InvalidField, match="split: expected one of train, given"):
        load_conversations(written, split)


def test_a_folder_without_samples_is_refused(tmp_path):
    with pytest.raises(InvalidField, match="split: expected samples in"):
        load_keyframes(tmp_path, "train")
