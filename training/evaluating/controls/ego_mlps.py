"""Both ego-status networks: trained on samples, kept for bundles, and asked about cases."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.evaluating.controls.ego_mlp import EgoMlp, train_ego_mlp
from training.evaluating.controls.ego_rows import EgoRows
from training.loading.further_plans import FurtherPlans
from training.motion.fitting import Fitting
from training.motion.settings import MotionTraining
from training.motion.weights import read_fitted, save_fitted
from training.perceiving.outcome import start_directory, write_recipe
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

EGO_MLPS = {"ego_status_mlp": False, "ego_status_and_proposal_mlp": True}
"""Networks by name, and whether they see the proposal."""
CONTROLS_DIRECTORY = Path("training/controls")
"""Where a bundle keeps those that learned from what it learned from."""
RECIPE_FILE, WEIGHTS_FILE = "controls.json", "controls.safetensors"


def write_ego_mlps(settings: MotionTraining) -> int:
    """Trains both; writes their weights in float16, and a recipe. Returns how many plans they learned from.

    Raises:
        InvalidField: Settings or data do not fit.
    """
    horizon = Horizon()
    start_directory(settings.out)
    rows = EgoRows.of_split(settings.data, "train", horizon, FurtherPlans(settings.further_plans, settings.seed))
    fitting = Fitting(steps=settings.steps)
    trained = {name: train_ego_mlp(rows, sees, settings.seed, fitting) for name, sees in EGO_MLPS.items()}
    save_fitted(_together(trained), settings.out / WEIGHTS_FILE, horizon.step_s, torch.float16)
    write_recipe(settings, {"plans": len(rows.scenes)}, RECIPE_FILE)
    return len(rows.scenes)


def read_ego_mlps(directory: Path, horizon: Horizon) -> dict[str, EgoMlp]:
    """Both by name, as `write_ego_mlps` left them.

    Raises:
        InvalidField: The directory holds none for this horizon.
    """
    made = {name: EgoMlp.untrained(horizon, sees) for name, sees in EGO_MLPS.items()}
    networks = _together(made)
    networks.load_state_dict(read_fitted(directory / WEIGHTS_FILE, networks, horizon.step_s, "controls"))
    return made


def answers_of_strangers(rows: EgoRows, asked: EgoRows, sees_proposal: bool, seed: int) -> NDArray[np.float64]:
    """Trajectories [N, T, 2] of networks that have not learned from the scenes that they are asked about, metres.

    Where there are such scenes, two networks learn from half of the scenes each, and answer for the others.

    Args:
        rows: To learn from.
        asked: To answer.
        sees_proposal, seed: As of `train_ego_mlp`.

    Raises:
        InvalidField: One half is empty.
    """
    names = sorted(set(rows.scenes))
    if not set(names) & set(asked.scenes):
        return train_ego_mlp(rows, sees_proposal, seed).trajectories_m(asked)
    half_of = {name: index % 2 for index, name in enumerate(names)}
    learned_in, asked_in = (np.array([half_of.get(name, 0) for name in of.scenes]) for of in (rows, asked))
    answers_m = np.empty(asked.truths_m.shape)
    for half in np.unique(asked_in):
        others = rows.chosen(learned_in != half)
        if not others.scenes:
            raise InvalidField("control_data", "training scenes that are not evaluated", names[0])
        network = train_ego_mlp(others, sees_proposal, seed)
        answers_m[asked_in == half] = network.trajectories_m(asked.chosen(asked_in == half))
    return answers_m


def _together(networks: dict[str, EgoMlp]) -> nn.Module:
    return nn.ModuleDict({name: network.network for name, network in networks.items()})
