"""Counts and distributions of a directory of correction samples."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from training.data.samples.keyframe import Keyframe
from training.data.samples.keyframe_rows import keyframe_from_row
from training.data.samples.lead import lead_on
from training.data.samples.shards import CONVERSATIONS, KEYFRAMES, shards_of
from training.data.samples.splits import SPLITS
from training.data.samples.summary import STATIC_KEYFRAME_M, counted
from training.data.samples.truth_path import path_through, turned_along
from waymend.errors import InvalidField

_SHORTEST_CURVE_M = 2.0
_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """Of all key frames, in the order of the files, train first.

    Attributes:
        keyframes_by_split, keyframes_by_command, keyframes_by_location: Counts.
        proposals_by_kind: Counts.
        static_keyframes: Key frames whose future ends less than 0.5 m from its start.
        speed_mps: float64 [N].
        acceleration_mps2: float64 [N].
        curvature_1pm: float64 [M], mean over the future path, left positive, of those that move at least 2 m.
        lead_gap_m: float64 [L], from front to rear along the true path, of those with something ahead within 60 m.
        agents: int64 [N], how many are annotated.
    """

    keyframes_by_split: dict[str, int]
    keyframes_by_command: dict[str, int]
    keyframes_by_location: dict[str, int]
    proposals_by_kind: dict[str, int]
    static_keyframes: int
    speed_mps: NDArray[np.float64]
    acceleration_mps2: NDArray[np.float64]
    curvature_1pm: NDArray[np.float64]
    lead_gap_m: NDArray[np.float64]
    agents: NDArray[np.int64]


def dataset_statistics(directory: Path) -> Statistics:
    """Reads a directory that `build_samples` wrote, a few rows at a time.

    Raises:
        InvalidField: There are no samples in it.
    """
    facts = [(split, _facts(keyframe)) for split in SPLITS for keyframe in _keyframes(directory, split)]
    if not facts:
        raise InvalidField("directory", "one with correction samples", directory)
    all_facts = [one for _, one in facts]
    return Statistics(
        keyframes_by_split=counted(Counter(split for split, _ in facts)),
        keyframes_by_command=counted(Counter(one.command for one in all_facts)),
        keyframes_by_location=counted(Counter(one.location for one in all_facts)),
        proposals_by_kind=counted(_kinds(directory)),
        static_keyframes=sum(one.static for one in all_facts),
        speed_mps=np.array([one.speed_mps for one in all_facts]),
        acceleration_mps2=np.array([one.acceleration_mps2 for one in all_facts]),
        curvature_1pm=np.array([one.curvature_1pm for one in all_facts if one.curvature_1pm is not None]),
        lead_gap_m=np.array([one.lead_gap_m for one in all_facts if one.lead_gap_m is not None]),
        agents=np.array([one.agents for one in all_facts]),
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    command: str
    location: str
    static: bool
    speed_mps: float
    acceleration_mps2: float
    curvature_1pm: float | None
    lead_gap_m: float | None
    agents: int


def _facts(keyframe: Keyframe) -> _Facts:
    path = path_through(keyframe.future_ego_m)
    length = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
    lead = lead_on(path, keyframe.agents)
    return _Facts(
        command=keyframe.command,
        location=keyframe.location,
        static=bool(np.hypot(*keyframe.future_ego_m[-1]) < STATIC_KEYFRAME_M),
        speed_mps=keyframe.ego_state.speed_mps,
        acceleration_mps2=keyframe.ego_state.acceleration_mps2,
        curvature_1pm=turned_along(path) / length if length >= _SHORTEST_CURVE_M else None,
        lead_gap_m=None if lead is None else lead.gap_m,
        agents=len(keyframe.agents),
    )


def _keyframes(directory: Path, split: str) -> Iterator[Keyframe]:
    for row in _rows(shards_of(directory, KEYFRAMES, split)):
        yield keyframe_from_row(row)


def _kinds(directory: Path) -> Counter[str]:
    files = [file for split in SPLITS for file in shards_of(directory, CONVERSATIONS, split)]
    return Counter(row["proposal_kind"] for row in _rows(files, ["proposal_kind"]))


def _rows(files: Sequence[Path], columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(_BATCH, columns=columns):
            yield from batch.to_pylist()
