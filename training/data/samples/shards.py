"""Rows into parquet files of bounded size, as they come."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from training.data.samples.conversation_rows import CONVERSATION_SCHEMA
from training.data.samples.keyframe_rows import KEYFRAME_SCHEMA, Row

KEYFRAMES, CONVERSATIONS = "keyframes", "conversations"
KEYFRAMES_PER_SHARD = 2000


def shards_of(directory: Path, part: str, split: str) -> list[Path]:
    """The files of a part (key frames or conversations) of a split, in order."""
    return sorted((directory / part / split).glob("*.parquet"))


class SplitWriter:
    """Writes key frames and their conversations, where there are any, to `<part>/<split>/<number>.parquet`.

    A shard holds at most so many key frames, and the shard of the same number all of their conversations; each call of
    `write` becomes a row group, so that no more than a scene is in memory.
    """

    def __init__(self, directory: Path, split: str, keyframes_per_shard: int = KEYFRAMES_PER_SHARD) -> None:
        self._directory, self._split, self._most = directory, split, keyframes_per_shard
        self._number, self._held = -1, keyframes_per_shard
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def write(self, keyframes: Sequence[Row], conversations: Sequence[Row]) -> None:
        """Appends the rows of a scene; one that does not fit into the shard begins the next."""
        if not keyframes:
            return
        if self._held + len(keyframes) > self._most:
            self._open_next()
        self._held += len(keyframes)
        self._append(KEYFRAMES, KEYFRAME_SCHEMA, keyframes)
        if conversations:
            self._append(CONVERSATIONS, CONVERSATION_SCHEMA, conversations)

    def _open_next(self) -> None:
        self._close()
        self._number, self._held = self._number + 1, 0

    def _append(self, part: str, schema: pa.Schema, rows: Sequence[Row]) -> None:
        if part not in self._writers:
            path = self._directory / part / self._split / f"{self._number:05d}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writers[part] = pq.ParquetWriter(path, schema, compression="zstd")
        self._writers[part].write_table(pa.Table.from_pylist(list(rows), schema))

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
