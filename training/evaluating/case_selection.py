"""Which cases are evaluated: the data's own proposals, or those of a file."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.samples.keyframe import Keyframe
from training.data.samples.keyframe_rows import keyframe_from_row
from training.data.samples.loading import load_conversations, load_keyframes
from training.data.samples.proposals import PROPOSAL_KINDS
from training.data.samples.shards import CONVERSATIONS, shards_of
from training.data.samples.splits import SPLITS
from training.evaluating.case import Case, CaseSet
from waymend.errors import InvalidField

GIVEN_KIND = "given"
ALL_SPLITS = "all"


def own_cases(data: Path, split: str, kinds: Collection[str] = (), limit: int | None = None, seed: int = 0) -> CaseSet:
    """The proposals that the data was built with.

    Args:
        data: Directory that `training data build` wrote.
        split: One of `SPLITS`, or `all`.
        kinds: Kinds of proposal; empty for all.
        limit: Most cases. Key frames are drawn with all their proposals, of every scene one before any has two.
        seed: Of the draw.

    Raises:
        InvalidField: No such split or kind, a limit below 1, or no case is left.
    """
    _check_kinds(kinds)
    splits = _splits(data, split)
    cases = [case for name in splits for case in _cases_of(data, name, kinds)]
    if not cases:
        raise InvalidField("kinds", f"kinds that {data} has proposals of", ", ".join(kinds) or "none")
    return CaseSet(tuple(_limited(cases, limit, seed)), (), 0, 0, splits)


def given_cases(
    data: Path, split: str, proposals: Mapping[str, NDArray[np.float64]], limit: int | None = None, seed: int = 0
) -> CaseSet:
    """A case for each proposal whose sample is a key frame of the data.

    Args:
        data, split, limit, seed: As for `own_cases`.
        proposals: By sample token, as `read_proposals` gives them.

    Raises:
        InvalidField: No such split, a limit below 1, or the data has none of the samples.
    """
    splits = _splits(data, split)
    cases = [
        Case(keyframe, name, GIVEN_KIND, proposals[keyframe.sample_token])
        for name in splits
        for keyframe in _keyframes(data, name, proposals)
    ]
    found = {case.sample_token for case in cases}
    missing = tuple(token for token in proposals if token not in found)
    if not cases:
        expected = f"samples that are key frames of {data} ({', '.join(splits)})"
        raise InvalidField("proposals", expected, f"{len(missing)} others, such as {missing[0]}")
    unasked = sum(_keyframe_count(data, name) for name in splits) - len(cases)
    return CaseSet(tuple(_limited(cases, limit, seed)), missing, len(proposals), unasked, splits)


def _check_kinds(kinds: Collection[str]) -> None:
    if unknown := [kind for kind in kinds if kind not in PROPOSAL_KINDS]:
        raise InvalidField("kinds", f"some of {', '.join(PROPOSAL_KINDS)}", ", ".join(unknown))


def _splits(data: Path, split: str) -> tuple[str, ...]:
    there = tuple(name for name in SPLITS if shards_of(data, CONVERSATIONS, name))
    if not there:
        raise InvalidField("data", "what `training data build` wrote, with its samples", data)
    if split == ALL_SPLITS:
        return there
    if split not in there:
        raise InvalidField("split", f"one of {', '.join((*there, ALL_SPLITS))}, which {data} has", split)
    return (split,)


def _cases_of(data: Path, split: str, kinds: Collection[str]) -> Iterator[Case]:
    """In the order of the file, in which proposals of a key frame follow each other."""
    conversations: Any = load_conversations(data, split)
    rows = conversations.select_columns(["sample_token", "proposal_kind", "proposal"])
    wanted = [row for row in rows if not kinds or row["proposal_kind"] in kinds]
    by_token = {token: list(group) for token, group in groupby(wanted, key=lambda row: row["sample_token"])}
    for keyframe in _keyframes(data, split, by_token):
        for row in by_token[keyframe.sample_token]:
            yield Case(keyframe, split, row["proposal_kind"], np.array(row["proposal"], np.float64))


def _keyframes(data: Path, split: str, wanted: Collection[str]) -> Iterator[Keyframe]:
    rows: Any = load_keyframes(data, split)
    indices = [index for index, token in enumerate(rows["sample_token"]) if token in wanted]
    return (keyframe_from_row(rows[index]) for index in indices)


def _keyframe_count(data: Path, split: str) -> int:
    rows: Any = load_keyframes(data, split)
    return len(rows)


def _limited(cases: Sequence[Case], limit: int | None, seed: int) -> list[Case]:
    """At most `limit` cases, in their order."""
    if limit is None or limit >= len(cases):
        return list(cases)
    if limit < 1:
        raise InvalidField("limit", "at least 1", limit)
    chosen: set[int] = set()
    for indices in _drawn(cases, seed):
        chosen.update(indices[: limit - len(chosen)])
        if len(chosen) == limit:
            break
    return [cases[index] for index in sorted(chosen)]


def _drawn(cases: Sequence[Case], seed: int) -> list[list[int]]:
    """The cases of each key frame as indices; scenes take turns, and the order is drawn."""
    frames: dict[str, list[int]] = {}
    for index, case in enumerate(cases):
        frames.setdefault(case.sample_token, []).append(index)
    tokens = list(frames)
    order = np.random.default_rng(seed).permutation(len(tokens)).tolist()
    seen: dict[str, int] = {}
    turns: list[tuple[int, int]] = []
    for place, number in enumerate(order):
        scene = cases[frames[tokens[number]][0]].keyframe.scene_name
        seen[scene] = seen.get(scene, 0) + 1
        turns.append((seen[scene], place))
    return [frames[tokens[order[place]]] for _, place in sorted(turns)]
