"""The directory of a run: when it may be written to, and which checkpoint a run goes on from."""

import re
import shutil
from pathlib import Path

from transformers.trainer import TRAINER_STATE_NAME

from training.modeling.stage_info import STAGE_FILE, is_stage
from training.recipe.recipe import Recipe
from waymend.errors import InvalidField

RECIPE_FILE = "recipe.yaml"
LOG_FILE = "training_log.jsonl"
PLOT_FILE = "loss.png"
BASE_DIRECTORY = "base"
"""The prepared base model, while the run needs it."""

_CHECKPOINT = re.compile(r"checkpoint-(\d+)")


def checkpoints(run: Path) -> list[Path]:
    """The complete checkpoints of a run, the oldest first: a trainer writes its state last."""
    found = [(match, path) for path in run.glob("checkpoint-*") if (match := _CHECKPOINT.fullmatch(path.name))]
    ordered = [path for _, path in sorted(found, key=lambda pair: int(pair[0].group(1)))]
    return [path for path in ordered if (path / TRAINER_STATE_NAME).is_file() and is_stage(path)]


def resumed_checkpoint(recipe: Recipe) -> Path | None:
    """The checkpoint that a recipe goes on from; None where it starts anew.

    Raises:
        InvalidField: There is none.
    """
    wanted = recipe.resume_from_checkpoint
    if wanted is None or wanted is False:
        return None
    if wanted is True:
        there = checkpoints(recipe.output_dir)
        if not there:
            raise InvalidField("resume_from_checkpoint", "false, or a checkpoint in output_dir", recipe.output_dir)
        return there[-1]
    path = Path(wanted)
    if path not in checkpoints(path.parent):
        raise InvalidField("resume_from_checkpoint", "true, or the directory of a complete checkpoint", wanted)
    return path


def check_run_directory(recipe: Recipe) -> None:
    """Raises InvalidField where the run would write over another one, or over the stage that it starts from."""
    directory = recipe.output_dir
    if recipe.resume_from_checkpoint:
        return
    source, target = Path(recipe.model_name_or_path).resolve(), directory.resolve()
    if source.exists() and (source == target or target in source.parents):
        raise InvalidField("output_dir", "another directory than that of model_name_or_path", directory)
    if directory.is_file():
        raise InvalidField("output_dir", "a directory", f"{directory}, which is a file")
    if directory.is_dir() and any(directory.iterdir()) and not recipe.overwrite_output_dir:
        expected = "a new or empty directory; or overwrite_output_dir=true, or resume_from_checkpoint=true"
        raise InvalidField("output_dir", expected, directory)


def prepare_run_directory(recipe: Recipe) -> None:
    """Makes the directory and writes the recipe.

    Of a run that is overwritten it takes out checkpoints, log, and what makes the directory a finished stage: a run
    that dies must not leave its recipe beside weights of another.
    """
    directory = recipe.output_dir
    directory.mkdir(parents=True, exist_ok=True)
    if not recipe.resume_from_checkpoint:
        for path in directory.glob("checkpoint-*"):
            if _CHECKPOINT.fullmatch(path.name):
                shutil.rmtree(path)
        shutil.rmtree(directory / BASE_DIRECTORY, ignore_errors=True)
        for name in (LOG_FILE, PLOT_FILE, STAGE_FILE, TRAINER_STATE_NAME):
            (directory / name).unlink(missing_ok=True)
    (directory / RECIPE_FILE).write_text(recipe.resolved_yaml(), encoding="utf-8")
