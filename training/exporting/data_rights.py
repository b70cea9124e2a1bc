"""Whether a bundle was made of procedural drives alone; what is not on disk to be read is not claimed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from perception_service.models.presets import PRESET_NAMES
from training.evaluating.controls.ego_mlps import RECIPE_FILE as CONTROLS_FILE
from training.exporting.run_record import StageRecord
from training.forecasting.train import RECIPE_FILE as FORECAST_FILE
from training.motion.settings import RECIPE_FILE as MOTION_FILE
from training.perceiving.outcome import RECIPE_FILE as PERCEPTION_FILE
from training.recipe.perception import stage_perception

_SPLITS_FILE = "splits.json"
_PROCEDURAL = "procedural-"
_FOREIGN_WEIGHTS = ("bevfusion_checkpoint_path", "vision_tower")
"""Keys that name encoders which others trained."""


def is_procedural_alone(chain: Sequence[StageRecord], controls: Path | None = None) -> bool:
    """Whether all stages since the base model, and the encoders that they began with, learned from procedural drives.

    Args:
        chain: The stages, the exported one last.
        controls: Networks that the bundle brings for its evaluation.
    """
    first = chain[0]
    return (
        first.started_from == first.info.base.name
        and all(_is_procedural(record.told("dataset_dir")) for record in chain)
        and all(map(_is_own_prior, chain))
        and all(record.recipe.get(key) is None for record in chain for key in _FOREIGN_WEIGHTS)
        and (controls is None or _is_procedural(data_of(controls / CONTROLS_FILE)))
        and _are_own_encoders(first.recipe.get("perception"))
    )


def _are_own_encoders(perception: Any) -> bool:
    """Whether a first stage's encoders were random, or `training perception` and `forecast` made them of such drives.

    `training perception` begins with random weights, and `forecast` keeps its `recipe.json`.
    """
    if perception in PRESET_NAMES:
        return True
    if not isinstance(perception, str):
        return False
    directory = Path(perception)
    made = [directory / PERCEPTION_FILE, directory / FORECAST_FILE]
    return made[0].is_file() and all(_is_procedural(data_of(path)) for path in made if path.is_file())


def _is_own_prior(record: StageRecord) -> bool:
    """Whether a stage got no motion prior, or one that `training motion` made of such drives.

    One that sees the scene must have seen it through the encoder of the stage before.
    """
    prior = record.recipe.get("motion_prior")
    if prior is None:
        return True
    if not isinstance(prior, str):
        return False
    made = Path(prior) / MOTION_FILE
    encoders = (None, stage_perception(str(record.started_from)))
    return _is_procedural(data_of(made)) and _setting(made, "perception") in encoders


def data_of(recipe: Path) -> Any:
    """The samples that a part was trained on; None where its recipe does not tell."""
    return _setting(recipe, "data")


def _setting(recipe: Path, name: str) -> Any:
    try:
        return json.loads(recipe.read_text(encoding="utf-8"))["settings"][name]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_procedural(data: Any) -> bool:
    """Whether all scenes of a build, or of several, are procedural drives, as their names tell."""
    return bool(data) and all(map(_is_procedural_build, data if isinstance(data, list) else [data]))


def _is_procedural_build(dataset: Any) -> bool:
    try:
        splits = json.loads((Path(dataset) / _SPLITS_FILE).read_text(encoding="utf-8"))
        names = [name for scenes in splits.values() for name in scenes]
    except (OSError, ValueError, TypeError, AttributeError):
        return False
    return bool(names) and all(name.startswith(_PROCEDURAL) for name in names)
