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
    """

    data: tuple[Path, ...]
    out: Path
    steps: int = 4000
    further_plans: int = 24
    seed: int = 7

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise InvalidField("steps", "at least 1", self.steps)

    def document(self) -> dict[str, Any]:
        """All settings as JSON values."""
        return asdict(self) | {"data": list(map(str, self.data)), "out": str(self.out)}
