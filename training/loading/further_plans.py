"""Plans that are asked about beside a sample's own, in the same scene."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.samples.planner_errors import perturbed, varied_errors
from training.data.samples.truth_path import DrivenPath
from training.loading.correction_case import CorrectionCase
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

_PERFECT = 0.1
"""Share of plans that are the truth, so that a model learns to leave a plan alone."""


@dataclass(frozen=True, slots=True)
class FurtherPlans:
    """Fresh plans of planners that err in ever new ways; new ones in each epoch, from seed, epoch and index alone.

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

    def drawn(self, case: CorrectionCase, horizon: Horizon, epoch: int, index: int) -> list[NDArray[np.float64]]:
        """`count` plans [T, 2] for the scene of a case, ego frame, metres."""
        if not self.count:
            return []
        random = np.random.default_rng([self.seed, epoch, index])
        driven = DrivenPath.of(case.truth_ego_m, horizon.times_s)
        return [
            case.truth_ego_m if random.random() < _PERFECT else perturbed(driven, varied_errors(random), random)
            for _ in range(self.count)
        ]
