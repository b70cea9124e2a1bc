"""The stage that a run ends with."""

import os
import shutil
from pathlib import Path

from llm_service.modeling.weight_files import BASE_FILE
from training.modeling.stage_checkpoint import ALIGNMENT_FILE, LLM_DIRECTORY, PERCEPTION_DIRECTORY, SPECIAL_ROWS_FILE
from training.modeling.stage_info import STAGE_FILE


def copy_stage(checkpoint: Path, run: Path) -> None:
    """Makes the stage of a checkpoint that of the run; the base file, which is never written to, is linked.

    `stage.json` comes last, as with a stage that is saved.
    """
    (run / STAGE_FILE).unlink(missing_ok=True)
    for name in (LLM_DIRECTORY, PERCEPTION_DIRECTORY):
        shutil.rmtree(run / name, ignore_errors=True)
        shutil.copytree(checkpoint / name, run / name, copy_function=_link_or_copy)
    (run / SPECIAL_ROWS_FILE).unlink(missing_ok=True)
    for name in (ALIGNMENT_FILE, SPECIAL_ROWS_FILE, STAGE_FILE):
        if (checkpoint / name).is_file():
            shutil.copyfile(checkpoint / name, run / name)


def _link_or_copy(source: str, target: str) -> None:
    if Path(source).name == BASE_FILE:
        try:
            os.link(source, target)
        except OSError:  # A file system without links.
            shutil.copyfile(source, target)
    else:
        shutil.copyfile(source, target)
