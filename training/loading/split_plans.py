"""Every plan of a split with its key frame: what needs nothing of the scene but the vehicle's motion learns from it."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.samples.keyframe import Keyframe
from training.data.samples.keyframe_rows import keyframe_from_row
from training.data.samples.loading import load_conversations, load_keyframes
from training.loading.further_plans import FurtherPlans
from waymend.trajectory import Horizon


def plans_of_split(
    data: Path, split: str, horizon: Horizon, further: FurtherPlans
) -> Iterator[tuple[Keyframe, list[NDArray[np.float64]]]]:
    """Key frames, each with its proposals [T, 2] and the further plans about it, ego frame, metres.

    Args:
        data, split: As of `training data build`.
        horizon: Of the plans.
        further: Which are drawn; those of the first epoch.

    Raises:
        InvalidField: The data has no such split.
    """
    conversations: Any = load_conversations(data, split)
    keyframes: Any = load_keyframes(data, split)
    own: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    for row in conversations.select_columns(["sample_token", "proposal"]):
        own[row["sample_token"]].append(np.array(row["proposal"], np.float64))
    for index, keyframe in enumerate(map(keyframe_from_row, keyframes)):
        yield keyframe, own[keyframe.sample_token] + further.drawn(keyframe, horizon, 0, index)
