"""Trains BEVFusion on correction samples."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.data.samples.shards import KEYFRAMES, shards_of
from training.perceiving.batches import batches, shuffled_batches
from training.perceiving.frames import PerceptionFrames, open_frames
from training.perceiving.learner import PerceptionLearner
from training.perceiving.outcome import start_directory, write_perception, write_recipe
from training.perceiving.plot import plot_losses
from training.perceiving.settings import PerceptionTraining
from training.perceiving.statistics import measure_statistics
from training.perceiving.trainer import PerceptionTrainer
from training.perceiving.training_batch import TrainingBatch
from training.perceiving.validation import validate
from training.recipe.perception import perception_config

_STATISTICS_FRAMES = 64
_VALIDATION_FRAMES = 96


@dataclass(frozen=True, slots=True)
class PerceptionResult:
    """A finished run.

    Attributes:
        directory: Of the perception half.
        steps: Optimizer steps.
        validation: As `validate` returns it; empty where there is no val split.
    """

    directory: Path
    steps: int
    validation: dict[str, float]


def train_perception(settings: PerceptionTraining, resume: bool = False) -> PerceptionResult:
    """Trains a BEVFusion from fresh weights and writes its perception half, whose token makers keep fresh weights.

    Equal settings give equal weights to the bit on a CPU with the same number of threads, where `steps` and not
    `minutes` is given. Behind the training come a minute for statistics and validation.

    Args:
        settings: Of the run.
        resume: Whether to go on from the checkpoint in `settings.out`.

    Raises:
        InvalidField: Settings or data do not fit, a frame cannot be read, or the loss is no longer a number.
    """
    config = perception_config(settings.preset)
    frames = open_frames(settings.data, "train", config, settings.sweeps)
    learner = PerceptionLearner(config, settings.seed).to(settings.device)
    trainer = PerceptionTrainer(settings, learner)
    if resume:
        trainer.resume()
    else:
        start_directory(settings.out)
    order = shuffled_batches(len(frames), settings.batch_size, settings.seed, trainer.state.steps, settings.steps)
    trainer.run(batches(frames, order, settings.workers))

    measure_statistics(learner, _some(frames, _STATISTICS_FRAMES, settings))
    validation = _validation(learner, config, settings)
    write_perception(learner.model, config, settings.out)
    made = {"precision": trainer.precision, "steps": trainer.state.steps, "seconds": trainer.state.seconds}
    gpu = torch.cuda.get_device_name() if settings.device.startswith("cuda") else None
    write_recipe(settings, {**made, "frames": len(frames), "validation": validation}, gpu=gpu)
    plot_losses(settings.out)
    trainer.forget()
    return PerceptionResult(settings.out, trainer.state.steps, validation)


def _validation(
    learner: PerceptionLearner, config: Mapping[str, Any], settings: PerceptionTraining
) -> dict[str, float]:
    if not shards_of(settings.data, KEYFRAMES, "val"):
        return {}
    frames = open_frames(settings.data, "val", config, settings.sweeps)
    return validate(learner, _some(frames, _VALIDATION_FRAMES, settings), config["agent_score_threshold"])


def _some(frames: PerceptionFrames, wanted: int, settings: PerceptionTraining) -> Iterator[TrainingBatch]:
    """Batches of about so many key frames, evenly from all; a last batch that is not full is left out."""
    size = min(settings.batch_size, len(frames))
    full = max(min(wanted, len(frames)) // size, 1)
    places = np.linspace(0, len(frames) - 1, full * size).astype(int).reshape(full, size)
    read = batches(frames, iter(places.tolist()), settings.workers)
    return (batch.to(settings.device) for batch in read)
