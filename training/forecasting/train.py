"""Trains the vector encoder of a perception half on correction samples."""

import copy
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import typer
from torch import nn

from perception_service.bundle import CONFIG_FILE, WEIGHTS_FILE
from perception_service.models.config import PerceptionConfig
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.weights import load_weights
from training.forecasting.forecaster import MotionForecaster
from training.forecasting.frames import ForecastBatch, read_frames
from training.forecasting.mirroring import mirrored
from training.forecasting.settings import ForecastTraining
from training.loading.vectors import StopLineDropout
from training.perceiving.batches import shuffled_batches
from training.perceiving.outcome import start_directory, write_perception, write_recipe
from training.perceiving.schedule import learning_rate_factor
from training.recipe.perception import perception_config
from training.running.run_log import RunLog
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

RECIPE_FILE, LOG_FILE = "forecast.json", "forecast_log.jsonl"
_WEIGHT_DECAY = 0.05
_LONGEST_GRADIENT = 1.0
_CHECKS = 20
"""How often in a run the val split is looked at."""
_FRAMES_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """A finished run: the mean distance from the truth on the val split, metres, and CTRA's."""

    directory: Path
    error_m: float
    ctra_error_m: float


def train_forecast(settings: ForecastTraining) -> ForecastResult:
    """Teaches the vector encoder and writes the perception half, with the weights that did best on the val split.

    Every other step sees its key frames in a mirror, which doubles what there is to learn from.
    Equal settings give equal weights to the bit on a CPU with the same number of threads. What else the directory of
    the perception half holds, such as how the rest was trained, is copied.

    Raises:
        InvalidField: Settings, data or perception half do not fit.
    """
    document = perception_config(str(settings.perception))
    config, horizon = PerceptionConfig.parse(document), Horizon()
    model = PerceptionModel.from_config(document)
    load_weights(model, settings.perception / WEIGHTS_FILE)
    stop_lines = StopLineDropout(settings.stop_line_dropout, settings.seed)
    frames = read_frames(settings.data, "train", config, horizon, stop_lines)
    held = read_frames(settings.data, "val", config, horizon)
    start_directory(settings.out)
    width = config.tokens["vector"]["out_channels"]
    forecaster = MotionForecaster(model.vector_tokens, width, horizon, settings.seed)
    error_m = _train(forecaster, frames, held, settings)
    _copy_others(settings.perception, settings.out)
    write_perception(model, document, settings.out)
    ctra_error_m = float(torch.cat([frame.beyond_ctra_m for frame in held]).norm(dim=-1).mean())
    made = {"frames": len(frames), "val_error_m": error_m, "val_ctra_error_m": ctra_error_m}
    write_recipe(settings, made, RECIPE_FILE)
    return ForecastResult(settings.out, error_m, ctra_error_m)


def _train(
    forecaster: MotionForecaster,
    frames: Sequence[ForecastBatch],
    held: Sequence[ForecastBatch],
    settings: ForecastTraining,
) -> float:
    """Leaves the best weights in the forecaster and returns their error on the held-back frames, metres."""
    parameters = list(forecaster.parameters())
    optimizer = torch.optim.AdamW(parameters, settings.learning_rate, weight_decay=_WEIGHT_DECAY)
    log, check_every = RunLog(settings.out / LOG_FILE), max(settings.steps // _CHECKS, 1)
    best, best_m = copy.deepcopy(forecaster.state_dict()), float("inf")
    order = shuffled_batches(len(frames), settings.batch_size, settings.seed, steps=settings.steps)
    for step, chosen in enumerate(order, 1):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * learning_rate_factor(step / settings.steps)
        batch = ForecastBatch.of([frames[index] for index in chosen])
        loss, error_m = forecaster.train().loss(mirrored(batch) if step % 2 else batch)
        if not torch.isfinite(loss):
            raise InvalidField("learning_rate", "one at which the loss stays finite", settings.learning_rate)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, _LONGEST_GRADIENT)
        optimizer.step()
        if step % check_every == 0 or step == settings.steps:
            held_m = _error_m(forecaster, held)
            log.add({"step": step, "loss": loss.item(), "error_m": error_m.item(), "val_error_m": held_m})
            typer.echo(f"step {step}: loss {loss:.3f}, error {error_m:.3f} m, val error {held_m:.4f} m")
            if held_m < best_m:
                best, best_m = copy.deepcopy(forecaster.state_dict()), held_m
    forecaster.load_state_dict(best)
    return best_m


@torch.inference_mode()
def _error_m(forecaster: MotionForecaster, held: Sequence[ForecastBatch]) -> float:
    """Mean distance from the truth over frames and waypoints."""
    forecaster.eval()
    total = 0.0
    for start in range(0, len(held), _FRAMES_AT_ONCE):
        batch = ForecastBatch.of(held[start : start + _FRAMES_AT_ONCE])
        offset_m, _ = forecaster(batch)
        total += float((offset_m - batch.beyond_ctra_m).norm(dim=-1).mean(-1).sum())
    return total / len(held)


def _copy_others(source: Path, out: Path) -> None:
    for path in source.iterdir():
        if path.is_file() and path.name not in (CONFIG_FILE, WEIGHTS_FILE):
            shutil.copyfile(path, out / path.name)
