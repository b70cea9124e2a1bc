"""What a forecast training is told."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from waymend.errors import InvalidField


@dataclass(frozen=True, slots=True)
class ForecastTraining:
    """Settings of a run.

    Attributes:
        data: Correction samples; the train split is learned, the val split tells which weights are kept.
        perception: Directory of a perception half, whose vector encoder is taught anew and whose rest is kept.
        out: New directory of the perception half.
        steps: Optimizer steps.
        batch_size: Key frames per step.
        learning_rate: The highest.
        seed: Of weights and order.
        stop_line_dropout: Share of the scenes whose stop lines are not told.
    """

    data: Path
    perception: Path
    out: Path
    steps: int
    batch_size: int = 64
    learning_rate: float = 1e-3
    seed: int = 7
    stop_line_dropout: float = 0.0

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size"):
            if getattr(self, name) < 1:
                raise InvalidField(name, "at least 1", getattr(self, name))
        if not 0 <= self.stop_line_dropout <= 1:
            raise InvalidField("stop_line_dropout", "a share from 0 to 1", self.stop_line_dropout)
        if not 0 < self.learning_rate < math.inf:
            raise InvalidField("learning_rate", "a number above 0", self.learning_rate)

    def document(self) -> dict[str, Any]:
        """All settings as JSON values."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}
