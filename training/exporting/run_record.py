"""What a stage directory tells of its training; what it does not tell is None or empty, never a guess."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.modeling.losses import LOSS_NAMES
from training.modeling.stage_info import STAGE_FILE, StageInfo, is_stage, read_stage_info
from training.recipe.yaml_text import read_mapping
from training.running.run_log import read_log_lines
from waymend.errors import InvalidField

RECIPE_FILE = "recipe.yaml"
STATE_FILE = "trainer_state.json"
LOG_FILE = "training_log.jsonl"
LOSSES = ("loss", *(f"loss_{name}" for name in LOSS_NAMES))
"""Logged at training steps; with `eval_` before them, in evaluations."""
DISTANCES = ("l2_before_m", "l2_after_m")
"""Logged in evaluations: mean distance from the truth of proposals and of corrections."""
_LOGGED = frozenset({*LOSSES, *DISTANCES})
_LONGEST_CHAIN = 16


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One stage.

    Attributes:
        directory: Where it is.
        info: Its `stage.json`.
        recipe: Keys of the run's `recipe.yaml`.
        steps: Optimizer steps that its weights have seen.
        logged: The last value of each loss at or before those steps, and of each metric of evaluations (`eval_...`).
    """

    directory: Path
    info: StageInfo
    recipe: Mapping[str, Any] = field(default_factory=dict)
    steps: int | None = None
    logged: Mapping[str, float] = field(default_factory=dict)

    def told(self, note: str, key: str = "") -> Any:
        """A note in `stage.json`, or else the recipe's `key`; None where neither tells."""
        return self.info.run.get(note, self.recipe.get(key or note))

    @property
    def started_from(self) -> str | None:
        """Base model or directory that the stage began with."""
        return self.told("started_from", "model_name_or_path")

    @property
    def parent(self) -> Path | None:
        """The stage before, where its directory is still there."""
        directory = None if self.started_from is None else Path(self.started_from)
        return directory if directory is not None and is_stage(directory) else None


def read_stage_record(directory: Path) -> StageRecord:
    """The record of a stage directory; files that were not written, or cannot be read, tell nothing.

    Raises:
        InvalidField: It is no stage directory, or its `stage.json` is broken.
    """
    info = _info(directory)
    state = _json(directory / STATE_FILE)
    steps = _integer(info.run.get("steps", state.get("global_step")))
    entries = read_log_lines(directory / LOG_FILE) or state.get("log_history", [])
    recipe = _recipe(run_of(directory))
    return StageRecord(directory, info, recipe, steps, _last_values(entries, steps))


def run_of(stage: Path) -> Path:
    """The run's directory: that of the stage, or around it where it is a checkpoint."""
    return stage if (stage / RECIPE_FILE).is_file() else stage.parent


def read_chain(directory: Path) -> list[StageRecord]:
    """The stage and those before it, the first first, as far as their directories are there.

    Raises:
        InvalidField: As `read_stage_record`.
    """
    chain = [read_stage_record(directory)]
    while (parent := chain[0].parent) is not None and len(chain) < _LONGEST_CHAIN:
        if parent.resolve() in {record.directory.resolve() for record in chain}:
            break
        chain.insert(0, read_stage_record(parent))
    return chain


def _info(directory: Path) -> StageInfo:
    try:
        return read_stage_info(directory)
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, InvalidField):
            raise
        raise InvalidField(str(directory / STAGE_FILE), "what `save_stage` writes", repr(error)) from None


def _recipe(run: Path) -> dict[str, Any]:
    try:
        return read_mapping(run / RECIPE_FILE)
    except InvalidField:
        return {}


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _last_values(entries: Iterable[Mapping[str, Any]], steps: int | None) -> dict[str, float]:
    last: dict[str, float] = {}
    for entry in entries:
        if steps is not None and (_integer(entry.get("step")) or 0) > steps:
            continue
        for key, value in entry.items():
            if key.removeprefix("eval_") in _LOGGED and isinstance(value, int | float):
                last[key] = float(value)
    return last
