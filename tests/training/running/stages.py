"""Looks at stage directories and at gradients."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import TrainerCallback

from training.recipe.recipe import Recipe
from training.running.train import start_run


def stage_tensors(directory: Path) -> dict[str, Tensor]:
    """Every tensor of a stage directory by file and name."""
    files = [
        path
        for path in directory.rglob("*.safetensors")
        if not path.relative_to(directory).parts[0].startswith("check")
    ]
    return {f"{path.relative_to(directory)}: {name}": t for path in files for name, t in load_file(path).items()}


def assert_equal_to_the_bit(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    assert first.keys() == second.keys()
    differing = [name for name in first if not torch.equal(first[name], second[name])]
    assert not differing


class GradientsOfStep(TrainerCallback):
    """Keeps the gradients of the first optimizer step."""

    def __init__(self) -> None:
        self.gradients: dict[str, Tensor] = {}

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if not self.gradients:
            self.gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def first_gradients(recipe: Recipe) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Gradients by name, and the log line, of a run's first step."""
    run, kept = start_run(recipe), GradientsOfStep()
    run.trainer.add_callback(kept)
    run.trainer.train()
    return kept.gradients, run.trainer.state.log_history[0]
