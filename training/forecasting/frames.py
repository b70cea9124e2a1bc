"""Key frames as a forecaster sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from rich.progress import track
from torch import Tensor

from llm_service.modeling.plan_features import constant_turn_rate_and_acceleration
from perception_service.models.config import PerceptionConfig
from perception_service.models.tokens.vector_inputs import VectorInputs
from training.data.samples.keyframe import Keyframe
from training.data.samples.keyframe_rows import keyframe_from_row
from training.data.samples.loading import load_keyframes
from training.loading.vectors import StopLineDropout, vectors_of
from waymend.trajectory import Horizon
from waymend.vocabulary import COMMANDS


@dataclass(frozen=True, slots=True, eq=False)
class ForecastBatch:
    """B key frames.

    Attributes:
        vectors: What the encoder is given.
        command: float32 [B, 3], one where the route leads, in the order of `COMMANDS`.
        beyond_ctra_m: float32 [B, T, 2], where the vehicle went minus where CTRA leads.
    """

    vectors: VectorInputs
    command: Tensor
    beyond_ctra_m: Tensor

    @classmethod
    def of(cls, frames: Sequence[Self]) -> Self:
        """One batch of at least one batch of one."""
        return cls(
            VectorInputs.collate([frame.vectors for frame in frames]),
            torch.cat([frame.command for frame in frames]),
            torch.cat([frame.beyond_ctra_m for frame in frames]),
        )


def read_frames(
    data: Path,
    split: str,
    perception: PerceptionConfig,
    horizon: Horizon,
    stop_lines: StopLineDropout = StopLineDropout(),  # noqa: B008
) -> list[ForecastBatch]:
    """All key frames of a split as batches of one, about 30 kB and 10 ms each.

    Raises:
        InvalidField: The data has no such split.
    """
    rows: Any = load_keyframes(data, split)
    return [
        forecast_frame(stop_lines(keyframe_from_row(row)), perception, horizon)
        for row in track(rows, f"Reading {split}", total=len(rows))
    ]


def forecast_frame(keyframe: Keyframe, perception: PerceptionConfig, horizon: Horizon) -> ForecastBatch:
    """A batch of one."""
    ctra_m = constant_turn_rate_and_acceleration(keyframe.ego_state, horizon.times_s)
    return ForecastBatch(
        vectors_of(keyframe, perception),
        torch.tensor([[float(keyframe.command == name) for name in COMMANDS]]),
        torch.from_numpy((keyframe.future_ego_m - ctra_m).astype(np.float32)[None]),
    )
