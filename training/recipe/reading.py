"""From a YAML file to a recipe whose keys agree with each other."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.recipe.checks import (
    check_evaluation,
    check_losses,
    check_method,
    check_run,
    drop_without_effect,
    run_notes,
)
from training.recipe.grid import BevGrid, GridKeys, check_grid, disagreements
from training.recipe.key_names import current_keys
from training.recipe.layers import read_layers
from training.recipe.modalities import loss_notes, settle_modalities
from training.recipe.perception import perception_config, settle_perception, stage_perception
from training.recipe.recipe import Recipe
from training.recipe.shipped import CONFIGS
from training.recipe.validation import validated
from waymend.errors import InvalidField

_JSON_FILES = ("fsdp_config", "deepspeed")


def read_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe that a YAML file, the files that it is based on and overrides describe.

    Args:
        path: The file; its key `base` may name another beside it, whose keys it changes. `configs/NAME` is the shipped
            file where there is none of that name here.
        overrides: `key=value`, such as `max_steps=5` or `enable_modalities.image=false`. The later wins.

    Raises:
        InvalidField: A file that cannot be read, or the key that is wrong; the message says what would be right.
    """
    layers = read_layers(path, overrides, Recipe.model_fields)
    return _settled(layers.keys, layers.notes, (Path(), path.parent, CONFIGS))


def recipe_from(keys: Mapping[str, Any]) -> Recipe:
    """The recipe that keys with plain values describe, as if they had been read from a file.

    Raises:
        InvalidField: As `read_recipe`.
    """
    current, notes = current_keys(keys, Recipe.model_fields)
    return _settled(current, notes, (Path(), CONFIGS))


def _settled(keys: Mapping[str, Any], notes: Sequence[str], directories: Sequence[Path]) -> Recipe:
    inlined = {name: _inlined(name, keys[name], directories) for name in _JSON_FILES if name in keys}
    recipe = validated(Recipe, {**keys, **inlined})
    check_method(recipe)
    check_run(recipe)
    check_losses(recipe)
    check_evaluation(recipe)
    dropped, dropped_notes = drop_without_effect(recipe)
    scene, scene_notes = _settled_scene(recipe)
    settled = recipe.model_copy(update={**dropped, **scene})
    found = [
        *recipe.notes,
        *notes,
        *dropped_notes,
        *scene_notes,
        *loss_notes(settled, settled.enable_modalities, settled.samples_per_step),
        *run_notes(settled),
    ]
    return settled.model_copy(update={"notes": tuple(dict.fromkeys(found))})


def _settled_scene(recipe: Recipe) -> tuple[dict[str, Any], list[str]]:
    """Modalities, perception and the grid, by key."""
    perception, notes = settle_perception(recipe, stage_perception(recipe.model_name_or_path))
    given = GridKeys(recipe.point_cloud_range, recipe.voxel_size, recipe.bev_size)
    given.check()
    grid = BevGrid.of(perception_config(perception))
    if recipe.bevfusion_config_path is None:
        check_grid(given, grid, f"perception {perception}")
    else:
        notes += disagreements(given, grid, f"bevfusion_config_path {recipe.bevfusion_config_path.name}")
    settled = {
        "perception": perception,
        "point_cloud_range": grid.point_cloud_range,
        "voxel_size": grid.voxel_size,
        "bev_size": tuple(round(cells) for cells in grid.bev_size),
    }
    return settled | settle_modalities(recipe), notes


def _inlined(name: str, given: Any, directories: Sequence[Path]) -> Any:
    """The mapping in the JSON file that a key names; anything else as it is."""
    if not isinstance(given, str):
        return given
    file = next((path for path in (directory / given for directory in directories) if path.is_file()), None)
    if file is None:
        raise InvalidField(name, f"a JSON file, here, beside the recipe or in {CONFIGS}", given)
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidField(name, "a JSON file", f"{file}: {error}") from None
