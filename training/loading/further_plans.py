"""Plans that are asked about beside a sample's own, in the same scene."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.samples.keyframe import Keyframe
from training.data.samples.proposals import proposal_of
from training.data.samples.truth_path import DrivenPath
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

_SHARES = {
    "planner_varied": 0.40,
    "planner_older": 0.20,
    "planner_good": 0.15,
    "truth": 0.10,
    "overspeed": 0.05,
    "frozen": 0.05,
    "wrong_lane": 0.05,
}
"""How often each kind is drawn. The truth teaches to leave a plan alone."""


@dataclass(frozen=True, slots=True)
class FurtherPlans:
    """Fresh plans, new ones in each epoch, from seed, epoch and index alone.

    They train the trajectory at a few tokens each, where a sample of its own costs all scene tokens again.

    Attributes:
        count: For each sample.
        seed: Of the draws.
    """

    count: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.count < 0:
            raise InvalidField("further_plans", "at least 0", self.count)

    def drawn(self, keyframe: Keyframe, horizon: Horizon, epoch: int, index: int) -> list[NDArray[np.float64]]:
        """`count` plans [T, 2] for a key frame, ego frame, metres; the truth where it gives no occasion for a fault."""
        random = np.random.default_rng([self.seed, epoch, index])
        driven = DrivenPath.of(keyframe.future_ego_m, horizon.times_s)
        kinds = random.choice(list(_SHARES), self.count, p=list(_SHARES.values()))
        plans = (proposal_of(kind, keyframe, driven, random) for kind in kinds)
        return [keyframe.future_ego_m if plan is None else plan for plan in plans]
