"""How a bundle was trained, kept beside its weights."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from perception_service.bundle import CONFIG_FILE
from training.evaluating.controls.ego_mlps import CONTROLS_DIRECTORY, WEIGHTS_FILE, read_ego_mlps
from training.evaluating.controls.ego_mlps import RECIPE_FILE as CONTROLS_FILE
from training.exporting.run_record import LOG_FILE, RECIPE_FILE, StageRecord, run_of
from training.motion.settings import RECIPE_FILE as MOTION_FILE
from training.running.run_directory import PLOT_FILE
from waymend.trajectory import Horizon

LOGS_DIRECTORY = "training"
_ENCODERS = "0-encoders"
_OF_STAGE = (RECIPE_FILE, LOG_FILE, PLOT_FILE)
_OF_ENCODERS = ("*.json", "*.jsonl", "*.png")


def keep_logs(chain: Sequence[StageRecord], bundle: Path) -> None:
    """Copies recipes, logs and loss curves of all stages, and what tells of the training of encoders and motion prior.

    What is no longer there is left out. A bundle that nothing is known of gets no directory.
    """
    logs = bundle / LOGS_DIRECTORY
    encoders = chain[0].recipe.get("perception")
    if encoders is not None and Path(encoders).is_dir():
        told = (path for pattern in _OF_ENCODERS for path in sorted(Path(encoders).glob(pattern)))
        _copy((path for path in told if path.name != CONFIG_FILE), logs / _ENCODERS)
    for number, record in enumerate(chain, 1):
        run = run_of(record.directory)
        if (run / RECIPE_FILE).is_file():
            out = logs / f"{number}-{record.info.training_stage}"
            _copy((run / name for name in _OF_STAGE), out)
            if (prior := record.recipe.get("motion_prior")) is not None:
                _copy([Path(prior) / MOTION_FILE], out)


def keep_controls(controls: Path, horizon: Horizon, bundle: Path) -> None:
    """Copies what `training controls` wrote to where evaluations look for it.

    Raises:
        InvalidField: It is none for these trajectories.
    """
    read_ego_mlps(controls, horizon)
    _copy((controls / name for name in (CONTROLS_FILE, WEIGHTS_FILE)), bundle / CONTROLS_DIRECTORY)


def _copy(paths: Iterable[Path], out: Path) -> None:
    for path in paths:
        if path.is_file():
            out.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, out / path.name)
