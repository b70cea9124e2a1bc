"""The tiny untrained bundle: every part real and small, every weight random."""

import json
import shutil
from pathlib import Path

import torch

from perception_service.bundle import token_sets
from perception_service.models.config import PerceptionConfig
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import preset
from perception_service.models.weights import save_weights
from training.tiny.llm import write_tiny_llm
from waymend.bundle import BaseModelReference, Manifest, write_manifest
from waymend.trajectory import Horizon

VERSION = "0.1.0"
_CARD = """# waymend-tiny (untrained)

Random weights, written by `make bundle` (seed {seed}). The bundle shows that every part works together: its corrections
and explanations mean nothing.

- Perception: preset `{preset}`, stored in float16.
- Language model: the built-in tiny Llama, its own tokenizer.
- Data: none. Metrics: none.
"""


def write_tiny_bundle(directory: Path, seed: int = 0, perception_preset: str = "tiny") -> Manifest:
    """Writes the bundle anew; the same seed gives the same bytes."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    horizon = Horizon()
    _write_perception(directory / "perception", perception_preset, seed)
    write_tiny_llm(directory / "llm", seed, horizon)
    (directory / "MODEL_CARD.md").write_text(_CARD.format(seed=seed, preset=perception_preset))
    return write_manifest(
        directory,
        name="waymend-tiny",
        version=VERSION,
        trained=False,
        base_model=BaseModelReference(name="builtin-tiny-llama"),
        modalities=token_sets(PerceptionConfig.parse(preset(perception_preset))),
        horizon=horizon,
    )


def _write_perception(directory: Path, perception_preset: str, seed: int) -> None:
    directory.mkdir()
    config = preset(perception_preset)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = PerceptionModel.from_config(config)
    (directory / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    save_weights(model, directory / "model.safetensors", torch.float16)
