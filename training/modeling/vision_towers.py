"""Perception whose image tokens come from a vision model of transformers, with that model's weights."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, PretrainedConfig
from transformers.utils import cached_file

from perception_service.models.perception_model import PerceptionModel
from waymend.errors import InvalidField

_PREPROCESSOR_FILE = "preprocessor_config.json"


def perception_with_tower(config: Mapping[str, Any], source: str, seed: int = 0) -> PerceptionModel:
    """Perception with the tower's weights; all other weights are fresh.

    Images are scaled to the whole number of patches that is nearest to their size in BEVFusion.

    Args:
        config: Of perception, as `PerceptionConfig.parse` reads it, without a tower.
        source: Hub id or directory of a vision model, or of a model with a vision half such as CLIP.
        seed: Of the fresh weights.

    Raises:
        InvalidField: The source is no vision model with square patches, or does not say how it wants its pixels.
    """
    vision = _vision_config(source)
    patch = getattr(vision, "patch_size", None)
    if not isinstance(patch, int):
        raise InvalidField("vision_tower", "a vision model with square patches", source)
    mean, std = _pixel_statistics(source)
    tower = {"model": json.loads(vision.to_json_string(use_diff=False)), "mean": mean, "std": std}
    image = {
        **config["tokens"]["image"],
        "in_channels": vision.hidden_size,
        "feature_size": [max(1, round(side / patch)) for side in config["image"]["size"]],
        "tower": tower,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = PerceptionModel.from_config({**config, "tokens": {**config["tokens"], "image": image}})
    _load_weights(model, source, vision)
    return model


def _vision_config(source: str) -> PretrainedConfig:
    """Configuration of the model, or of its vision half."""
    config = AutoConfig.from_pretrained(source)
    return getattr(config, "vision_config", config)


def _load_weights(model: PerceptionModel, source: str, vision: PretrainedConfig) -> None:
    tower = model.vision_tower
    if tower is None:
        raise InvalidField("vision_tower", "a model", source)
    pretrained = type(tower.model).from_pretrained(source, config=vision, dtype=torch.float32)  # ty: ignore[missing-attribute]
    tower.model.load_state_dict(pretrained.state_dict())


def _pixel_statistics(source: str) -> tuple[list[float], list[float]]:
    """Mean and standard deviation per channel, 0..1."""
    file = cached_file(source, _PREPROCESSOR_FILE, _raise_exceptions_for_missing_entries=False)
    about = json.loads(Path(file).read_text(encoding="utf-8")) if file else {}
    if "image_mean" not in about or "image_std" not in about:
        raise InvalidField("vision_tower", f"a model with image_mean and image_std in its {_PREPROCESSOR_FILE}", source)
    return about["image_mean"], about["image_std"]
