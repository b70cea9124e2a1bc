"""Every plan of a split with its key frame: what needs nothing of the scene but the vehicle's motion learns from it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.samples.keyframe import Keyframe
from training.data.samples.keyframe_rows import keyframe_from_row
from training.data.samples.loading import load_conversations, load_keyframes
from training.data.samples.shards import CONVERSATIONS, shards_of
from training.loading.further_plans import FurtherPlans
from waymend.errors import InvalidField
from waymend.trajectory import Horizon


def plans_of_split(
    data: Sequence[Path], split: str, horizon: Horizon, further: FurtherPlans
) -> Iterator[tuple[Keyframe, list[NDArray[np.float64]]]]:
    """Key frames, each with its proposals [T, 2] and the further plans about it, ego frame, metres.

    Args:
        data: Directories that `training data build` wrote, with or without conversations.
        split: train, val or test.
        horizon: Of the plans.
        further: Which are drawn; those of the first epoch.

    Raises:
        InvalidField: A directory has no such split, or there are no plans at all.
    """
    index, count = 0, 0
    for directory in data:
        own = _own_plans(directory, split)
        keyframes: Any = load_keyframes(directory, split)
        for keyframe in map(keyframe_from_row, keyframes):
            plans = own[keyframe.sample_token] + further.drawn(keyframe, horizon, 0, index)
            yield keyframe, plans
            index, count = index + 1, count + len(plans)
    if not count:
        raise InvalidField("further_plans", "at least 1 where the data holds no proposals", further.count)


def _own_plans(directory: Path, split: str) -> dict[str, list[NDArray[np.float64]]]:
    """Proposals by sample token; none of a build without conversations."""
    own: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    if not shards_of(directory, CONVERSATIONS, split):
        return own
    conversations: Any = load_conversations(directory, split)
    for row in conversations.select_columns(["sample_token", "proposal"]):
        own[row["sample_token"]].append(np.array(row["proposal"], np.float64))
    return own
