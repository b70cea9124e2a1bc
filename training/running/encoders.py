"""The perception half that a first stage begins with."""

import tempfile
from pathlib import Path

import torch

from perception_service.bundle import WEIGHTS_FILE, load_perception_model
from perception_service.convert.checkpoint import convert_checkpoint
from perception_service.models.perception_model import PerceptionModel
from training.modeling.vision_towers import perception_with_tower
from training.recipe.recipe import Recipe

_KEPT_BESIDE_A_TOWER = ("bevfusion", "bev_tokens", "vector_tokens")


def first_perception(recipe: Recipe) -> PerceptionModel:
    """Encoders with the weights that the recipe names; all others are fresh, and follow from its seed.

    Weights come from `perception` where that is a directory, else from `bevfusion_checkpoint_path`: a checkpoint of
    mmdetection3d, or a directory that `perception-service convert` made of one. A vision tower takes the place of what
    makes image tokens, and of nothing else.

    Raises:
        InvalidField: Configuration and weights do not fit.
    """
    stored = _stored(recipe)
    if recipe.vision_tower is None:
        return stored or _fresh(recipe)
    model = perception_with_tower(recipe.perception_config(), recipe.vision_tower, recipe.seed)
    if stored is not None:
        for part in _KEPT_BESIDE_A_TOWER:
            model.get_submodule(part).load_state_dict(stored.get_submodule(part).state_dict())
    return model


def _stored(recipe: Recipe) -> PerceptionModel | None:
    """The model whose weights are on disk; None where there is none."""
    checkpoint = recipe.bevfusion_checkpoint_path
    for directory in (Path(recipe.perception), checkpoint):
        if directory is not None and directory.is_dir():
            return load_perception_model(directory / WEIGHTS_FILE)
    if checkpoint is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "perception"
        convert_checkpoint(recipe.perception_config(), checkpoint, out, recipe.seed)
        return load_perception_model(out / WEIGHTS_FILE)


def _fresh(recipe: Recipe) -> PerceptionModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return PerceptionModel.from_config(recipe.perception_config())
