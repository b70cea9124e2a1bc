"""What the training of a motion prior is told."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from waymend.errors import InvalidField

RECIPE_FILE, WEIGHTS_FILE = "motion.json", "motion_prior.safetensors"


@dataclass(frozen=True, slots=True)
class MotionTraining:
    """Settings of a run.

    Attributes:
        data: Correction samples, whose train splits are learned; some of their scenes tell which weights are kept.
        out: New directory.
        steps: Most optimizer steps.
        further_plans: Drawn about each key frame beside its own proposals.
        seed: Of weights, batches, plans and held-back scenes.
        perception: Directory of a perception half, whose first vector token the networks read too; None: they see no
            scene.
        stop_line_dropout: Share of the scenes whose stop lines are not told.
    """

    data: tuple[Path, ...]
    out: Path
    steps: int = 4000
    further_plans: int = 24
    seed: int = 7
    perception: Path | None = None
    stop_line_dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise InvalidField("steps", "at least 1", self.steps)
        if not 0 <= self.stop_line_dropout <= 1:
            raise InvalidField("stop_line_dropout", "a share from 0 to 1", self.stop_line_dropout)
        if self.stop_line_dropout and self.perception is None:
            raise InvalidField("stop_line_dropout", "0 without perception", self.stop_line_dropout)

    def document(self) -> dict[str, Any]:
        """All settings as JSON values."""
        perception = None if self.perception is None else str(self.perception)
        return asdict(self) | {"data": list(map(str, self.data)), "out": str(self.out), "perception": perception}
