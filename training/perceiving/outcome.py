"""What a perception training leaves: the perception half, and how it came about."""

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import torch

from perception_service.bundle import CONFIG_FILE, WEIGHTS_FILE
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.weights import save_weights
from training.data.samples.shards import KEYFRAMES, shards_of
from training.machine import processors
from waymend.bundle import file_digest
from waymend.errors import InvalidField

RECIPE_FILE = "recipe.json"


def start_directory(out: Path) -> None:
    """Makes the directory of a new run; raises InvalidField where it holds something."""
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise InvalidField("out", "a new or empty directory, or resume", out)
    out.mkdir(parents=True, exist_ok=True)


def write_perception(model: PerceptionModel, config: Mapping[str, Any], out: Path) -> None:
    """Writes `config.json` and `model.safetensors`, as `perception-service convert` does."""
    (out / CONFIG_FILE).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    save_weights(model, out / WEIGHTS_FILE)


class RunSettings(Protocol):
    """What a training of a part is told: where it learns from, and where it writes."""

    @property
    def data(self) -> Path | tuple[Path, ...]: ...
    @property
    def out(self) -> Path: ...
    def document(self) -> dict[str, Any]: ...


def write_recipe(
    settings: RunSettings, made: Mapping[str, Any], name: str = RECIPE_FILE, gpu: str | None = None
) -> None:
    """Writes settings, conditions, and what else was `made` of the run, as `name` in the run's directory."""
    data = settings.data if isinstance(settings.data, tuple) else (settings.data,)
    document = {"settings": settings.document(), **_run_conditions(data, gpu), **made}
    (settings.out / name).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _run_conditions(data: Sequence[Path], gpu: str | None) -> dict[str, Any]:
    """Digest of the data, machine and date, as JSON values."""
    return {
        "data_sha256": data_digest(data),
        "machine": {
            "processor": processors()[0],
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "gpu": gpu,
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def data_digest(directories: Sequence[Path]) -> str:
    """SHA-256 over those of the training splits' key frame files, in their order."""
    digests = [file_digest(path) for directory in directories for path in shards_of(directory, KEYFRAMES, "train")]
    return hashlib.sha256("".join(digests).encode()).hexdigest()
