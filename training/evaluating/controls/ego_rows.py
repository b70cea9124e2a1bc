"""What the ego-status controls are trained on: motion, route and truth of key frames, without anything around them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llm_service.modeling.plan_features import (
    ACCELERATION_SCALE_MPS2,
    POSITION_SCALE_M,
    SPEED_SCALE_MPS,
    YAW_RATE_SCALE_RADPS,
    constant_turn_rate_and_acceleration,
)
from training.data.samples.keyframe import Keyframe
from training.evaluating.case import Case
from training.loading.further_plans import FurtherPlans
from training.loading.split_plans import plans_of_split
from waymend.trajectory import EgoState, Horizon
from waymend.vocabulary import COMMANDS

_HISTORY_STEPS, _HISTORY_STEP_S = 4, 0.5
EGO_FEATURES = 3 + len(COMMANDS) + 4 * _HISTORY_STEPS
"""How many numbers `ego_features` makes."""
_NONE = FurtherPlans()


@dataclass(frozen=True, slots=True, eq=False)
class EgoRows:
    """N rows, float32.

    Attributes:
        features: [N, F] of motion, history and command.
        ctra_m: [N, T, 2] extrapolations.
        proposals_m: [N, T, 2].
        truths_m: [N, T, 2].
        scenes: Names of the N rows' scenes.
    """

    features: NDArray[np.float32]
    ctra_m: NDArray[np.float32]
    proposals_m: NDArray[np.float32]
    truths_m: NDArray[np.float32]
    scenes: tuple[str, ...]

    def chosen(self, rows: NDArray[np.bool_]) -> Self:
        """Those rows alone."""
        arrays = (array[rows] for array in (self.features, self.ctra_m, self.proposals_m, self.truths_m))
        return type(self)(*arrays, tuple(np.array(self.scenes)[rows].tolist()))

    @classmethod
    def of_cases(cls, cases: Sequence[Case], horizon: Horizon) -> Self:
        """A row for each case."""
        return cls._of(((case.keyframe, [case.proposal_ego_m]) for case in cases), horizon)

    @classmethod
    def of_split(cls, data: Sequence[Path], split: str, horizon: Horizon, further: FurtherPlans = _NONE) -> Self:
        """A row for each proposal of a split, and for each further plan about its key frames.

        Args:
            data, split: As of `plans_of_split`.
            horizon: Of trajectories.
            further: As the model trains on.

        Raises:
            InvalidField: A directory has no such split, or there are no plans.
        """
        return cls._of(plans_of_split(data, split, horizon, further), horizon)

    @classmethod
    def _of(cls, frames: Iterable[tuple[Keyframe, Sequence[NDArray[np.float64]]]], horizon: Horizon) -> Self:
        features, ctra_m, proposals_m, truths_m, scenes = [], [], [], [], []
        for frame, plans in frames:
            count = len(plans)
            features += [ego_features(frame.ego_state, frame.history_ego, frame.command)] * count
            ctra_m += [constant_turn_rate_and_acceleration(frame.ego_state, horizon.times_s)] * count
            proposals_m += plans
            truths_m += [frame.future_ego_m] * count
            scenes += [frame.scene_name] * count
        return cls(_array(features), _array(ctra_m), _array(proposals_m), _array(truths_m), tuple(scenes))


def ego_features(state: EgoState, history_ego: ArrayLike, command: str) -> NDArray[np.float32]:
    """Speed, acceleration, yaw rate, command, and x, y, yaw, presence of the poses 0.5, 1, 1.5 and 2 s ago, [F]."""
    past = np.zeros((_HISTORY_STEPS, 4))
    for age_s, x_m, y_m, yaw_rad in np.asarray(history_ego, np.float64).reshape(-1, 4):
        step = round(-age_s / _HISTORY_STEP_S) - 1
        if 0 <= step < _HISTORY_STEPS:
            past[step] = x_m / POSITION_SCALE_M, y_m / POSITION_SCALE_M, yaw_rad, 1.0
    motion = (
        state.speed_mps / SPEED_SCALE_MPS,
        state.acceleration_mps2 / ACCELERATION_SCALE_MPS2,
        state.yaw_rate_radps / YAW_RATE_SCALE_RADPS,
    )
    return np.array([*motion, *(command == name for name in COMMANDS), *past.ravel()], np.float32)


def _array(values: Sequence[ArrayLike]) -> NDArray[np.float32]:
    return np.array(values, np.float32)
