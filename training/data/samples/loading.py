"""Correction samples as `datasets.Dataset`s."""

from pathlib import Path
from typing import Any

from datasets import Dataset, IterableDataset, load_dataset

from training.data.samples.shards import CONVERSATIONS, KEYFRAMES, shards_of
from training.data.samples.splits import SPLITS
from waymend.errors import InvalidField


def load_conversations(directory: Path, split: str, streaming: bool = False) -> Dataset | IterableDataset:
    """A row per proposal, with the columns of `CONVERSATION_SCHEMA`.

    Args:
        directory: That `build_samples` wrote.
        split: train, val or test.
        streaming: Whether to read rows from the files as they are asked for, instead of all into datasets' cache.

    Raises:
        InvalidField: There is no such split.
    """
    return _load(directory, CONVERSATIONS, split, streaming)


def load_keyframes(directory: Path, split: str, streaming: bool = False) -> Dataset | IterableDataset:
    """A row per key frame, for `keyframe_from_row`; arguments and errors as of `load_conversations`."""
    return _load(directory, KEYFRAMES, split, streaming)


def _load(directory: Path, part: str, split: str, streaming: bool) -> Any:
    files = shards_of(directory, part, split) if split in SPLITS else []
    if not files:
        there = [name for name in SPLITS if shards_of(directory, part, name)]
        raise InvalidField("split", f"one of {', '.join(there)}" if there else f"samples in {directory}", split)
    return load_dataset("parquet", data_files={split: list(map(str, files))}, split=split, streaming=streaming)
