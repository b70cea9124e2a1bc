"""Proposals of every kind for a key frame: the truth, extrapolations, real planners' errors, and clear faults."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from llm_service.modeling.plan_features import constant_turn_rate_and_acceleration, constant_velocity
from training.data.samples import faulty_plans
from training.data.samples.keyframe import Keyframe, Proposal
from training.data.samples.planner_errors import GOOD_PLANNER, OLDER_PLANNER, perturbed, varied_errors
from training.data.samples.truth_path import DrivenPath
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

_Maker = Callable[[Keyframe, DrivenPath, np.random.Generator], NDArray[np.float64] | None]


def _constant_curvature(keyframe: Keyframe, driven: DrivenPath, _: np.random.Generator) -> NDArray[np.float64]:
    return constant_turn_rate_and_acceleration(replace(keyframe.ego_state, acceleration_mps2=0.0), driven.times_s)


_MAKERS: dict[str, _Maker] = {
    "truth": lambda keyframe, driven, random: keyframe.future_ego_m.copy(),
    "constant_velocity": lambda keyframe, driven, random: constant_velocity(keyframe.ego_state, driven.times_s),
    "ctra": lambda keyframe, driven, random: constant_turn_rate_and_acceleration(keyframe.ego_state, driven.times_s),
    "constant_curvature": _constant_curvature,
    "planner_good": lambda keyframe, driven, random: perturbed(driven, GOOD_PLANNER, random),
    "planner_older": lambda keyframe, driven, random: perturbed(driven, OLDER_PLANNER, random),
    "wrong_lane": faulty_plans.wrong_lane,
    "late_braking": faulty_plans.late_braking,
    "overspeed": faulty_plans.overspeed,
    "corner_cutting": faulty_plans.corner_cutting,
    "frozen": faulty_plans.frozen,
    "planner_varied": lambda keyframe, driven, random: perturbed(driven, varied_errors(random), random),
}

PROPOSAL_KINDS = tuple(_MAKERS)
"""In the order of `proposals_for`."""


def proposal_of(
    kind: str, keyframe: Keyframe, driven: DrivenPath, random: np.random.Generator
) -> NDArray[np.float64] | None:
    """A plan [T, 2] of one of `PROPOSAL_KINDS`; None where the scene gives no occasion for it.

    Args:
        kind: How it is made.
        keyframe: Of the scene.
        driven: The key frame's true future.
        random: Of what is random in it.
    """
    return _MAKERS[kind](keyframe, driven, random)


def proposals_for(keyframe: Keyframe, horizon: Horizon, random: np.random.Generator) -> tuple[Proposal, ...]:
    """One proposal of each kind; a fault for which the scene gives no occasion is absent.

    Each kind draws from a stream of its own, so that adding a kind at the end changes no other.

    Raises:
        InvalidField: The key frame's future is not of this horizon.
    """
    if keyframe.future_ego_m.shape != (horizon.waypoints, 2):
        raise InvalidField("keyframe.future_ego_m", f"{horizon.waypoints} waypoints", keyframe.future_ego_m.shape)
    driven = DrivenPath.of(keyframe.future_ego_m, horizon.times_s)
    streams = random.spawn(len(_MAKERS))
    plans = {kind: make(keyframe, driven, own) for (kind, make), own in zip(_MAKERS.items(), streams, strict=True)}
    return tuple(Proposal(kind, plan) for kind, plan in plans.items() if plan is not None)
