"""What a perception training is told."""

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from waymend.errors import InvalidField


class Precision(StrEnum):
    """What convolutions and products are computed in; auto is bfloat16 where the device has instructions for it."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


_MAY_CHANGE = ("out", "steps", "minutes", "device", "workers", "save_every")


@dataclass(frozen=True, slots=True)
class PerceptionTraining:
    """Settings of a run.

    Attributes:
        data: Correction samples; the train split is learned, the val split looked at in the end.
        out: New directory of the perception half.
        preset: Name of a perception preset, or what else `perception` of a recipe may name; its weights are not read.
        steps: Optimizer steps; None where `minutes` rules.
        minutes: Of training, over all parts of a run that was resumed; None where `steps` rules.
        batch_size: Key frames per step.
        learning_rate: The highest.
        seed: Of weights and order.
        device: Where to train.
        precision: What to compute in.
        sweeps: LiDAR sweeps that are merged, the key sweep included.
        workers: Processes that read frames ahead; 0 reads them in turn.
        save_every: Steps between checkpoints.
    """

    data: Path
    out: Path
    preset: str = "tiny"
    steps: int | None = None
    minutes: float | None = None
    batch_size: int = 4
    learning_rate: float = 2e-3
    seed: int = 7
    device: str = "cpu"
    precision: Precision = Precision.AUTO
    sweeps: int = 10
    workers: int = 1
    save_every: int = 200

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise InvalidField("steps", "either steps or minutes", "both" if self.steps is not None else "neither")
        for name in ("steps", "batch_size", "sweeps", "save_every"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidField(name, "at least 1", value)
        for name in ("minutes", "learning_rate"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise InvalidField(name, "a number above 0", value)
        if self.workers < 0:
            raise InvalidField("workers", "at least 0", self.workers)

    def document(self) -> dict[str, Any]:
        """All settings as JSON values."""
        return {
            name: str(value) if isinstance(value, Path | Precision) else value for name, value in asdict(self).items()
        }

    def lasting(self) -> dict[str, Any]:
        """The settings that a run which goes on must share with its first part."""
        return {name: value for name, value in self.document().items() if name not in _MAY_CHANGE}

    def progress(self, steps_done: int, seconds_done: float) -> float:
        """Share of the run that is done, 0..1."""
        if self.steps is not None:
            return min(steps_done / self.steps, 1.0)
        return min(seconds_done / (60.0 * (self.minutes or math.inf)), 1.0)
