"""Where a recipe's perception half comes from: a preset, a directory, BEVFusion's config file or the stage before."""

import json
from pathlib import Path
from typing import Any

from perception_service.models.config import PerceptionConfig
from perception_service.models.official_config import read_official_config
from perception_service.models.presets import OFFICIAL, PRESET_NAMES, preset
from training.recipe.grid import BevGrid, same_grid
from training.recipe.keys.scene import SceneKeys
from waymend.errors import InvalidField

CONFIG_FILE = "config.json"
OFFICIAL_FILE = "bevfusion_lidar-cam_voxel0075_second_secfpn_8xb4-cyclic-20e_nus-3d.py"
"""The published model's config file in mmdetection3d 1.4.0, which the preset `bevfusion_voxel0075` equals."""
_STAGE_PART = "perception"


def perception_config(perception: str) -> dict[str, Any]:
    """The configuration, as `PerceptionConfig.parse` reads it, that the key `perception` names.

    Raises:
        InvalidField: There is no such preset, directory or file, or it does not hold a configuration.
    """
    if perception in PRESET_NAMES:
        return preset(perception)
    path = Path(perception)
    if path.suffix == ".py":
        return read_official_config(path)
    try:
        config = json.loads((path / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        expected = f"one of {', '.join(PRESET_NAMES)}, a directory with {CONFIG_FILE}, or BEVFusion's config file"
        raise InvalidField("perception", expected, f"{perception}: {error}") from None
    PerceptionConfig.parse(config)
    return config


def stage_perception(model_name_or_path: str) -> str | None:
    """The perception half of the stage that training starts from; None where that is no stage directory."""
    directory = Path(model_name_or_path) / _STAGE_PART
    return str(directory) if (directory / CONFIG_FILE).is_file() else None


def settle_perception(keys: SceneKeys, stage: str | None) -> tuple[str, list[str]]:
    """What `perception` comes to, and notes.

    The stage before rules; then `perception` where it is given; then `bevfusion_config_path`; then the default.

    Args:
        keys: The scene's keys.
        stage: Perception half of the stage before.

    Raises:
        InvalidField: A file that does not exist, or two sources of different grids.
    """
    given = keys.perception if "perception" in keys.model_fields_set else None
    if stage is not None and given is not None and perception_config(given) != perception_config(stage):
        raise InvalidField("perception", f"{stage}, which was trained in the stage before, or an equal one", given)
    config_file, notes = _config_source(keys.bevfusion_config_path)
    perception = stage or given or config_file or keys.perception
    if config_file is not None:
        _check_same_grid(perception, config_file)
    return perception, notes + _checkpoint_notes(keys, perception, stage)


def _config_source(path: Path | None) -> tuple[str | None, list[str]]:
    """The config file, or the preset that stands in for it."""
    if path is None:
        return None, []
    if path.is_file():
        return str(path), []
    if path.name == OFFICIAL_FILE:
        return OFFICIAL, [f"bevfusion_config_path {path} does not exist: the equal preset {OFFICIAL} stands in for it"]
    raise InvalidField("bevfusion_config_path", f"a file, or one called {OFFICIAL_FILE}", f"{path}, which is no file")


def _check_same_grid(perception: str, config_file: str) -> None:
    if perception == config_file:
        return
    chosen, described = (BevGrid.of(perception_config(name)) for name in (perception, config_file))
    if not same_grid(chosen, described):
        expected = f"the grid of bevfusion_config_path, {described.arithmetic()}; or bevfusion_config_path=null"
        raise InvalidField("perception", expected, f"{perception}, {chosen.arithmetic()}")


def _checkpoint_notes(keys: SceneKeys, perception: str, stage: str | None) -> list[str]:
    checkpoint = keys.bevfusion_checkpoint_path
    if checkpoint is None:
        return []
    if not checkpoint.exists():
        raise InvalidField("bevfusion_checkpoint_path", "a checkpoint", f"{checkpoint}, which does not exist")
    if stage is not None or (perception not in PRESET_NAMES and Path(perception).is_dir()):
        return [f"bevfusion_checkpoint_path has no effect: {perception} holds weights of its own"]
    return []
