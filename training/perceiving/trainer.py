"""The optimizer steps of a run."""

import time
from collections.abc import Iterator

import torch
import typer
from torch import nn

from training.perceiving.checkpoint import Checkpoints, RunState
from training.perceiving.learner import PerceptionLearner, weighted_sum
from training.perceiving.precision import autocast, chosen_precision
from training.perceiving.schedule import learning_rate_factor
from training.perceiving.settings import PerceptionTraining
from training.perceiving.term_means import TermMeans
from training.perceiving.training_batch import TrainingBatch
from training.running.run_directory import LOG_FILE
from training.running.run_log import RunLog
from waymend.errors import InvalidField

_LONGEST_GRADIENT = 20.0
_WEIGHT_DECAY = 0.01
_STEPS_PER_LINE = 10


class PerceptionTrainer:
    """AdamW with a rate that warms up and falls, on batches that it is given.

    Args:
        settings: Of the run.
        learner: Trained in place, on the device where it is.

    Attributes:
        state: How far the run has come.
        precision: What is computed in.
    """

    def __init__(self, settings: PerceptionTraining, learner: PerceptionLearner) -> None:
        self._settings, self._learner = settings, learner
        self._device = torch.device(settings.device)
        self._parameters = learner.trained_parameters()
        self._optimizer = torch.optim.AdamW(self._parameters, settings.learning_rate, weight_decay=_WEIGHT_DECAY)
        self._checkpoints = Checkpoints(settings.out, settings.lasting())
        self._log, self._means = RunLog(settings.out / LOG_FILE), TermMeans()
        self.state = RunState()
        self.precision = chosen_precision(settings.precision, self._device)

    def resume(self) -> None:
        """Goes on from the directory's checkpoint; raises InvalidField where there is none of this run."""
        self.state = self._checkpoints.load(self._learner, self._optimizer)
        self._log.cut(self.state.steps)

    def run(self, batches: Iterator[TrainingBatch]) -> None:
        """Steps until the run is done; a log line every ten steps, and checkpoints in between.

        Raises:
            InvalidField: The loss is no longer a number.
        """
        self._learner.train()
        began_s, before = time.perf_counter(), self.state
        while not self._done:
            self._step(next(batches).to(self._device))
            self.state = RunState(self.state.steps + 1, before.seconds + time.perf_counter() - began_s)
            if self.state.steps % _STEPS_PER_LINE == 0 or self._done:
                self._write_line()
            if self.state.steps % self._settings.save_every == 0 or self._done:
                self._checkpoints.save(self._learner, self._optimizer, self.state)

    def forget(self) -> None:
        """Removes the checkpoint of a run that is finished."""
        self._checkpoints.remove()

    @property
    def _progress(self) -> float:
        return self._settings.progress(self.state.steps, self.state.seconds)

    @property
    def _done(self) -> bool:
        return self._progress >= 1.0

    def _step(self, batch: TrainingBatch) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = self._settings.learning_rate * learning_rate_factor(self._progress)
        with autocast(self.precision, self._device):
            outputs = self._learner(batch)
        terms = self._learner.losses(outputs, batch)
        loss = weighted_sum(terms)
        if not torch.isfinite(loss):
            raise InvalidField("learning_rate", "one at which the loss stays finite", self._settings.learning_rate)
        self._optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._parameters, _LONGEST_GRADIENT)
        self._optimizer.step()
        self._means.add(loss, terms)

    def _write_line(self) -> None:
        state, means = self.state, self._means.drain()
        rate = self._optimizer.param_groups[0]["lr"]
        speed = {"seconds": state.seconds, "seconds_per_frame": state.seconds / state.steps / self._settings.batch_size}
        self._log.add({"step": state.steps, **means, "learning_rate": rate, **speed})
        terms = ", ".join(f"{name.removeprefix('loss_')} {value:.3g}" for name, value in means.items())
        typer.echo(f"step {state.steps} ({self._progress:.0%}): {terms}; {speed['seconds_per_frame']:.2f} s per frame")
