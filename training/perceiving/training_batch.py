"""Frames with everything that they are to be seen as."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from perception_service.models.bevfusion.collate import collate
from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.bevfusion.transfusion_losses import BoxTargets


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Yes or no for each cell.

    Attributes:
        wanted: bool [K, C, H, W].
        counted: bool [K, C, H, W], where `wanted` is known.
    """

    wanted: Tensor
    counted: Tensor

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        return cls(torch.cat([part.wanted for part in parts]), torch.cat([part.counted for part in parts]))

    def to(self, device: torch.device | str) -> Self:
        return type(self)(self.wanted.to(device), self.counted.to(device))


@dataclass(frozen=True, slots=True, eq=False)
class TrainingBatch:
    """A batch of B frames with N cameras.

    Attributes:
        inputs: What BEVFusion is given.
        boxes: The objects of each frame.
        bev: Labels [B, 5, X, Y], in the order of `BEV_LABELS`.
        velocity_mps: float32 [B, 2, X, Y], LiDAR frame; NaN where it is not known.
        image: Labels [B * N, 3, fH, fW], in the order of `IMAGE_LABELS`.
    """

    inputs: BevFusionInputs
    boxes: list[BoxTargets]
    bev: Labels
    velocity_mps: Tensor
    image: Labels

    def to(self, device: torch.device | str) -> Self:
        """The same batch on another device; boxes go there when they are assigned."""
        return type(self)(
            self.inputs.to(device),
            self.boxes,
            self.bev.to(device),
            self.velocity_mps.to(device),
            self.image.to(device),
        )


def joined(frames: Sequence[TrainingBatch]) -> TrainingBatch:
    """One batch of several, in their order."""
    return TrainingBatch(
        inputs=collate([frame.inputs for frame in frames]),
        boxes=[boxes for frame in frames for boxes in frame.boxes],
        bev=Labels.joined([frame.bev for frame in frames]),
        velocity_mps=torch.cat([frame.velocity_mps for frame in frames]),
        image=Labels.joined([frame.image for frame in frames]),
    )
