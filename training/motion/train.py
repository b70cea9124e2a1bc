"""Trains a motion prior on correction samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from llm_service.modeling.plan_features import plan_features
from training.loading.further_plans import FurtherPlans
from training.loading.split_plans import plans_of_split
from training.loading.vectors import StopLineDropout
from training.motion.fitting import Fitting, OffsetRows, fit_motion_prior
from training.motion.scene_tokens import SceneTokens
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
    further = FurtherPlans(settings.further_plans, settings.seed)
    stop_lines = StopLineDropout(settings.stop_line_dropout, settings.seed)
    tokens = SceneTokens(settings.perception, stop_lines, settings.seed) if settings.perception else None
    rows = plan_rows(settings.data, "train", horizon, further, tokens)
    fitting, scene_width = Fitting(steps=settings.steps), tokens.width if tokens else 0
    fitted = fit_motion_prior(rows, settings.seed, fitting, scene_width)
    save_fitted(fitted.prior, settings.out / WEIGHTS_FILE, horizon.step_s)
    held_back = {"held_back_error_m": fitted.error_m, "held_back_plan_error_m": fitted.plan_error_m}
    made = {"plans": len(rows.scenes), **held_back}
    write_recipe(settings, made, RECIPE_FILE)
    return MotionResult(settings.out, fitted.error_m, fitted.plan_error_m)


def plan_rows(
    data: Sequence[Path],
    split: str,
    horizon: Horizon,
    further: FurtherPlans,
    scene_tokens: SceneTokens | None = None,
) -> OffsetRows:
    """The numbers of each plan of a split, as the language model is told them, and the true offset.

    Args:
        data, split, horizon, further: As of `plans_of_split`.
        scene_tokens: Where given, what they tell of each key frame stands behind the numbers of its plans.

    Raises:
        InvalidField: A directory has no such split, or there are no plans.
    """
    inputs, offsets_m, scenes = [], [], []
    for keyframe, plans in plans_of_split(data, split, horizon, further):
        told = [plan_features(plan, horizon.step_s, keyframe.ego_state, keyframe.command)[0] for plan in plans]
        inputs += told if scene_tokens is None else scene_tokens.behind(told, keyframe)
        offsets_m += [(keyframe.future_ego_m - plan).astype(np.float32) for plan in plans]
        scenes += [keyframe.scene_name] * len(plans)
    return OffsetRows(np.stack(inputs), np.stack(offsets_m), tuple(scenes))
