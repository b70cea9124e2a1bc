"""A run that was interrupted, on disk."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from training.perceiving.learner import PerceptionLearner
from waymend.errors import InvalidField

CHECKPOINT_FILE = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a run has come: optimizer steps, and seconds spent on them."""

    steps: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoints:
    """Saves and loads the one checkpoint of a run.

    Attributes:
        directory: Of the run.
        settings: That a run which goes on must share, as JSON values.
    """

    directory: Path
    settings: dict[str, Any]

    def save(self, learner: PerceptionLearner, optimizer: torch.optim.Optimizer, state: RunState) -> None:
        """Writes weights, optimizer and progress; the file before stays until the new one is complete."""
        document = {
            "settings": self.settings,
            "steps": state.steps,
            "seconds": state.seconds,
            "weights": learner.state_dict(),
            "optimizer": optimizer.state_dict(),
        }
        unfinished = self.directory / f".{CHECKPOINT_FILE}"
        torch.save(document, unfinished)
        os.replace(unfinished, self.directory / CHECKPOINT_FILE)

    def load(self, learner: PerceptionLearner, optimizer: torch.optim.Optimizer) -> RunState:
        """Fills weights and optimizer, and returns the progress.

        Raises:
            InvalidField: There is no checkpoint, or it comes from a run with other settings.
        """
        path = self.directory / CHECKPOINT_FILE
        if not path.is_file():
            expected = f"a directory with the {CHECKPOINT_FILE} of a run that was interrupted"
            raise InvalidField("resume", expected, self.directory)
        document = torch.load(path, map_location="cpu", weights_only=True)
        differing = [name for name, value in self.settings.items() if document["settings"].get(name) != value]
        if differing:
            raise InvalidField(
                "resume", f"the settings of the run in {self.directory}", f"other {', '.join(differing)}"
            )
        learner.load_state_dict(document["weights"])
        optimizer.load_state_dict(document["optimizer"])
        return RunState(document["steps"], document["seconds"])

    def remove(self) -> None:
        (self.directory / CHECKPOINT_FILE).unlink(missing_ok=True)
