"""`train`: a recipe becomes a stage directory."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from transformers import ProgressCallback, TrainerCallback, TrainerState, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from training.loading.examples import CorrectionExamples
from training.recipe.recipe import Recipe
from training.running.arguments import keep_to_one_gpu, run_arguments
from training.running.callbacks import EarlyStopping, EpochForExamples, LogFile, ProgressBar
from training.running.examples import run_examples, run_rows
from training.running.finished_stage import copy_stage
from training.running.plot import plot_run
from training.running.run_directory import (
    BASE_DIRECTORY,
    LOG_FILE,
    check_run_directory,
    prepare_run_directory,
    resumed_checkpoint,
)
from training.running.starting_point import StartingPoint, starting_point
from training.running.trainer import CorrectionTrainer


@dataclass(frozen=True, slots=True)
class TrainResult:
    """Attributes:
    directory: The stage, which a next one may start from.
    steps: Optimizer steps, those before a checkpoint that the run went on from included.
    train_loss: Mean loss of the steps of this call.
    best_checkpoint: That the stage is a copy of, where the recipe asks for the best.
    log: The log's lines, those of the whole run.
    """

    directory: Path
    steps: int
    train_loss: float
    best_checkpoint: Path | None
    log: tuple[dict[str, Any], ...]


def train(recipe: Recipe) -> TrainResult:
    """Runs a recipe; in each of several processes where torchrun or accelerate started them.

    Writes the stage directory `output_dir` with checkpoints, `recipe.yaml`, `training_log.jsonl`, `trainer_state.json`
    and, where asked for, `loss.png`.

    Raises:
        InvalidField: The recipe does not fit the machine, the data, the model or the directory.
    """
    run = start_run(recipe)
    outcome = run.trainer.train(str(run.checkpoint) if run.checkpoint else None)
    return _finished(recipe, run.trainer, outcome.training_loss)


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is ready to train.

    Attributes:
        trainer: Trains it.
        checkpoint: That it goes on from.
    """

    trainer: CorrectionTrainer
    checkpoint: Path | None


def start_run(recipe: Recipe) -> Run:
    """Everything up to the first step; errors as of `train`."""
    recipe.training_arguments()
    rows = run_rows(recipe)
    checkpoint = resumed_checkpoint(recipe)
    arguments = run_arguments(recipe)
    recipe = recipe.model_copy(update={"notes": (*recipe.notes, *keep_to_one_gpu(arguments))})
    one_at_a_time = _one_at_a_time(arguments)
    one_at_a_time(lambda: _prepare(recipe))
    start = starting_point(recipe, checkpoint, one_at_a_time)
    if recipe.gradient_checkpointing:
        start.corrector.gradient_checkpointing_enable()
    examples = run_examples(recipe, rows, start, arguments.device, one_at_a_time)
    return Run(_trainer(recipe, arguments, start, *examples), checkpoint)


def _prepare(recipe: Recipe) -> None:
    check_run_directory(recipe)
    prepare_run_directory(recipe)
    console = Console(stderr=True)
    for note in recipe.notes:
        console.print(f"note: {note}", markup=False, highlight=False)


def _one_at_a_time(arguments: TrainingArguments) -> Callable[[Callable[[], object]], None]:
    def run(action: Callable[[], object]) -> None:
        with arguments.main_process_first(local=False):
            if arguments.process_index == 0:
                action()

    return run


def _trainer(
    recipe: Recipe,
    arguments: TrainingArguments,
    start: StartingPoint,
    train_examples: CorrectionExamples,
    eval_examples: CorrectionExamples | None,
) -> CorrectionTrainer:
    callbacks: list[TrainerCallback] = [EpochForExamples(train_examples), LogFile(recipe.output_dir / LOG_FILE)]
    if recipe.early_stopping_patience is not None:
        callbacks.append(EarlyStopping(recipe.early_stopping_patience))
    trainer = CorrectionTrainer(
        start.corrector,
        start.tokenizer,
        arguments,
        recipe.loss_weights,
        recipe.training_stage,
        train_examples,
        eval_examples,
        callbacks,
        lambda state: _notes(recipe, state, len(train_examples)),
        recipe.spread_keyframes,
    )
    if trainer.pop_callback(ProgressCallback) is not None:
        trainer.add_callback(ProgressBar())
    trainer.remove_callback(PrinterCallback)
    return trainer


def _notes(recipe: Recipe, state: TrainerState, train_samples: int) -> Mapping[str, Any]:
    return {
        "steps": state.global_step,
        "epochs": state.epoch,
        "dataset_dir": str(recipe.dataset_dir),
        "started_from": recipe.model_name_or_path,
        "train_samples": train_samples,
    }


def _finished(recipe: Recipe, trainer: CorrectionTrainer, train_loss: float) -> TrainResult:
    directory, state = recipe.output_dir, trainer.state
    best = Path(state.best_model_checkpoint) if recipe.load_best_model_at_end and state.best_model_checkpoint else None
    if best is None:
        trainer.save_model()
    elif trainer.is_world_process_zero():
        copy_stage(best, directory)
    trainer.save_state()
    if trainer.is_world_process_zero():
        shutil.rmtree(directory / BASE_DIRECTORY, ignore_errors=True)
        if recipe.plot_loss:
            plot_run(directory)
    return TrainResult(directory, state.global_step, train_loss, best, tuple(state.log_history))
