"""`stage.json`: what a stage directory is."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from training.modeling.base_reference import BaseReference
from waymend.errors import InvalidField

STAGE_FILE = "stage.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class StageInfo:
    """Attributes:
    base: The language model that the chain of stages began with.
    training_stage: `pretrain`, `sft` or `full_finetune`.
    finetuning_type: `lora`, `full` or `freeze`.
    modalities: Those that were enabled.
    run: What the trainer wants to keep with it: steps, metrics, data set.
    """

    base: BaseReference
    training_stage: str
    finetuning_type: str
    modalities: tuple[str, ...]
    run: Mapping[str, Any] = field(default_factory=dict)

    def write(self, directory: Path) -> None:
        document = {"format": FORMAT, **asdict(self)}
        (directory / STAGE_FILE).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def is_stage(directory: Path) -> bool:
    """Whether a directory is one that `save_stage` wrote."""
    return (directory / STAGE_FILE).is_file()


def read_stage_info(directory: Path) -> StageInfo:
    """Reads `stage.json`.

    Raises:
        InvalidField: There is none, or it is not of this format.
    """
    if not is_stage(directory):
        raise InvalidField("model_name_or_path", f"a stage directory with a {STAGE_FILE}", directory)
    document = json.loads((directory / STAGE_FILE).read_text(encoding="utf-8"))
    if document.pop("format", None) != FORMAT:
        raise InvalidField(f"{directory}/{STAGE_FILE}", f"format {FORMAT}", document)
    base, modalities = BaseReference(**document.pop("base")), tuple(document.pop("modalities"))
    return StageInfo(base=base, modalities=modalities, **document)
