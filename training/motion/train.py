"""Trains a motion prior on correction samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from llm_service.modeling.plan_features import plan_features
from training.loading.further_plans import FurtherPlans
from training.loading.split_plans import plans_of_split
from training.motion.fitting import Fitting, OffsetRows, fit_motion_prior
from training.motion.settings import RECIPE_FILE, WEIGHTS_FILE, MotionTraining
from training.motion.weights import save_fitted
from training.perceiving.outcome import start_directory, write_recipe
from waymend.trajectory import Horizon


@dataclass(frozen=True, slots=True)
class MotionResult:
    """A finished run: mean distances from the truth on held-back scenes, of corrections and of their plans, metres."""

    directory: Path
    error_m: float
    plan_error_m: float


def train_motion_prior(settings: MotionTraining) -> MotionResult:
    """Writes `motion_prior.safetensors`, and `motion.json` that tells how it came about.

    Raises:
        InvalidField: Settings or data do not fit.
    """
    horizon = Horizon()
    start_directory(settings.out)
    rows = plan_rows(settings.data, "train", horizon, FurtherPlans(settings.further_plans, settings.seed))
    fitted = fit_motion_prior(rows, settings.seed, Fitting(steps=settings.steps))
    save_fitted(fitted.prior, settings.out / WEIGHTS_FILE, horizon.step_s)
    held_back = {"held_back_error_m": fitted.error_m, "held_back_plan_error_m": fitted.plan_error_m}
    made = {"plans": len(rows.scenes), **held_back}
    write_recipe(settings, made, RECIPE_FILE)
    return MotionResult(settings.out, fitted.error_m, fitted.plan_error_m)


def plan_rows(data: Sequence[Path], split: str, horizon: Horizon, further: FurtherPlans) -> OffsetRows:
    """The numbers of each plan of a split, as the language model is told them, and the true offset.

    Raises:
        InvalidField: A directory has no such split, or there are no plans.
    """
    inputs, offsets_m, scenes = [], [], []
    for keyframe, plans in plans_of_split(data, split, horizon, further):
        for plan in plans:
            inputs.append(plan_features(plan, horizon.step_s, keyframe.ego_state, keyframe.command)[0])
            offsets_m.append((keyframe.future_ego_m - plan).astype(np.float32))
        scenes += [keyframe.scene_name] * len(plans)
    return OffsetRows(np.stack(inputs), np.stack(offsets_m), tuple(scenes))
