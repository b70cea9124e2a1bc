"""What the ego-status controls are trained on: motion, route and truth of key frames, without anything around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llm_service.modeling.plan_features import constant_turn_rate_and_acceleration
from training.data.samples.keyframe_rows import keyframe_from_row
from training.data.samples.loading import load_conversations, load_keyframes
from training.evaluating.case import Case
from training.loading.further_plans import FurtherPlans
from waymend.trajectory import EgoState, Horizon
from waymend.vocabulary import COMMANDS

POSITION_SCALE_M = 20.0
_SPEED_SCALE_MPS, _ACCELERATION_SCALE_MPS2, _YAW_RATE_SCALE_RADPS = 10.0, 3.0, 0.5
_HISTORY_STEPS, _HISTORY_STEP_S = 4, 0.5
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

    @classmethod
    def of_cases(cls, cases: Sequence[Case], horizon: Horizon) -> Self:
        """A row for each case."""
        frames = [case.keyframe for case in cases]
        return cls(
            features=_array([ego_features(one.ego_state, one.history_ego, one.command) for one in frames]),
            ctra_m=_array([constant_turn_rate_and_acceleration(one.ego_state, horizon.times_s) for one in frames]),
            proposals_m=_array([case.proposal_ego_m for case in cases]),
            truths_m=_array([case.truth_ego_m for case in cases]),
            scenes=tuple(one.scene_name for one in frames),
        )

    @classmethod
    def of_split(cls, data: Path, split: str, horizon: Horizon, further: FurtherPlans = _NONE) -> Self:
        """A row for each proposal of a split, and for each further plan about its key frames.

        Args:
            data, split: As of `training data build`.
            horizon: Of trajectories.
            further: As the model trains on.

        Raises:
            InvalidField: The data has no such split.
        """
        conversations: Any = load_conversations(data, split)
        keyframes: Any = load_keyframes(data, split)
        columns = ["sample_token", "scene_name", "ego_state", "history_ego", "future_ego_m", "command"]
        frames = {row["sample_token"]: _Frame.of(row, horizon) for row in keyframes.select_columns(columns)}
        own = conversations.select_columns(["sample_token", "proposal"])
        proposals = [(row["sample_token"], row["proposal"]) for row in own]
        if further.count:
            proposals += _further_plans(keyframes, further, horizon)
        there = [frames[token] for token, _ in proposals]
        return cls(
            features=_array([one.features for one in there]),
            ctra_m=_array([one.ctra_m for one in there]),
            proposals_m=_array([proposal for _, proposal in proposals]),
            truths_m=_array([one.truth_m for one in there]),
            scenes=tuple(one.scene for one in there),
        )

    def chosen(self, rows: NDArray[np.bool_]) -> Self:
        """Those rows alone."""
        return type(self)(
            self.features[rows],
            self.ctra_m[rows],
            self.proposals_m[rows],
            self.truths_m[rows],
            tuple(np.array(self.scenes)[rows].tolist()),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """What the rows of a key frame share."""

    features: NDArray[np.float32]
    ctra_m: NDArray[np.float64]
    truth_m: NDArray[np.float64]
    scene: str

    @classmethod
    def of(cls, row: Mapping[str, Any], horizon: Horizon) -> Self:
        state = EgoState(**row["ego_state"])
        return cls(
            ego_features(state, row["history_ego"], row["command"]),
            constant_turn_rate_and_acceleration(state, horizon.times_s),
            np.array(row["future_ego_m"], np.float64),
            row["scene_name"],
        )


def _further_plans(keyframes: Any, further: FurtherPlans, horizon: Horizon) -> list[tuple[str, ArrayLike]]:
    """Sample token and plan."""
    return [
        (keyframe.sample_token, plan)
        for index, keyframe in enumerate(map(keyframe_from_row, keyframes))
        for plan in further.drawn(keyframe, horizon, 0, index)
    ]


def ego_features(state: EgoState, history_ego: ArrayLike, command: str) -> NDArray[np.float32]:
    """Speed, acceleration, yaw rate, command, and x, y, yaw, presence of the poses 0.5, 1, 1.5 and 2 s ago, [F]."""
    past = np.zeros((_HISTORY_STEPS, 4))
    for age_s, x_m, y_m, yaw_rad in np.asarray(history_ego, np.float64).reshape(-1, 4):
        step = round(-age_s / _HISTORY_STEP_S) - 1
        if 0 <= step < _HISTORY_STEPS:
            past[step] = x_m / POSITION_SCALE_M, y_m / POSITION_SCALE_M, yaw_rad, 1.0
    motion = (
        state.speed_mps / _SPEED_SCALE_MPS,
        state.acceleration_mps2 / _ACCELERATION_SCALE_MPS2,
        state.yaw_rate_radps / _YAW_RATE_SCALE_RADPS,
    )
    return np.array([*motion, *(command == name for name in COMMANDS), *past.ravel()], np.float32)


def _array(values: Sequence[ArrayLike]) -> NDArray[np.float32]:
    return np.array(values, np.float32)
