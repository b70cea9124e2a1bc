"""What must be in a stage directory before anything is made of it."""

from pathlib import Path

from llm_service.checkpoint import INDEX_FILE
from perception_service.bundle import CONFIG_FILE, WEIGHTS_FILE
from training.modeling.stage_checkpoint import ALIGNMENT_FILE, LLM_DIRECTORY, PERCEPTION_DIRECTORY
from training.modeling.stage_info import STAGE_FILE
from waymend.errors import InvalidField

REQUIRED = (
    STAGE_FILE,
    f"{LLM_DIRECTORY}/config.json",
    f"{LLM_DIRECTORY}/generation_config.json",
    f"{LLM_DIRECTORY}/{INDEX_FILE}",
    f"{LLM_DIRECTORY}/tokenizer.json",
    f"{LLM_DIRECTORY}/tokenizer_config.json",
    f"{PERCEPTION_DIRECTORY}/{CONFIG_FILE}",
    f"{PERCEPTION_DIRECTORY}/{WEIGHTS_FILE}",
    ALIGNMENT_FILE,
)
"""Files of every finished stage, relative to it."""


def check_stage_files(stage: Path) -> None:
    """Names every required file that a stage directory lacks.

    Raises:
        InvalidField: At least one is missing.
    """
    missing = [name for name in REQUIRED if not (stage / name).is_file()]
    if missing:
        raise InvalidField("run", f"a stage directory with {', '.join(missing)}", stage)
