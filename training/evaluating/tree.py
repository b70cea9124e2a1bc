"""Metrics as one tree of numbers, the same for the model and for each control."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from training.evaluating.assessment import Assessment
from training.evaluating.case import Case
from training.evaluating.entry import Entry
from training.evaluating.metrics.calibration import calibration_summary
from training.evaluating.metrics.collision import collision_summary
from training.evaluating.metrics.drivable import off_road_summary
from training.evaluating.metrics.failures import failure_summary
from training.evaluating.metrics.faithfulness import Faithfulness, faithfulness_summary
from training.evaluating.metrics.harm import harm_summary
from training.evaluating.metrics.kinematics import kinematics_summary
from training.evaluating.metrics.l2 import FORMULAS, l2_average_m, l2_summary
from training.evaluating.metrics.latency import latency_summary
from training.evaluating.metrics.lead import lead_summary
from waymend.trajectory import Horizon

Tree = dict[str, Any]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything that is known of all cases.

    Attributes:
        cases: In the order of all else.
        before: Of the proposals.
        truth: Of where the vehicle truly went.
        model: The bundle, as asked for.
        controls: By name; those that could not be made are in `absent`, with the reason.
    """

    horizon: Horizon
    cases: tuple[Case, ...]
    before: tuple[Assessment, ...]
    truth: tuple[Assessment, ...]
    model: Entry
    controls: Mapping[str, Entry]
    absent: Mapping[str, str]


def metrics_tree(results: Results, subsets: Mapping[str, Sequence[int]]) -> Tree:
    """`model`, `controls`, `by_kind`, `by_split` and `subsets`; a number that is not known is None.

    Args:
        results: Of all cases.
        subsets: Indices of cases by name; an empty one is told as `{"cases": 0}`.
    """
    return {
        **_both(results, range(len(results.cases))),
        "absent_controls": dict(results.absent),
        "by_kind": _groups(results, [case.kind for case in results.cases]),
        "by_split": _groups(results, [case.split for case in results.cases]),
        "subsets": {name: _both(results, indices) if indices else {"cases": 0} for name, indices in subsets.items()},
    }


def _groups(results: Results, names: Sequence[str]) -> Tree:
    """The cases of each name, in the order in which names first come."""
    members = {name: [i for i, other in enumerate(names) if other == name] for name in dict.fromkeys(names)}
    return {name: _both(results, indices) for name, indices in members.items()}


def _both(results: Results, indices: Sequence[int]) -> Tree:
    """The model and all controls on some cases; a control's own numbers stand at its top level too."""
    controls = {
        name: {**(tree := entry_tree(results, entry, indices)), **tree["after"], "lead": _lead(results, entry, indices)}
        for name, entry in results.controls.items()
    }
    return {"cases": len(indices), "model": entry_tree(results, results.model, indices), "controls": controls}


def _lead(results: Results, control: Entry, indices: Sequence[int]) -> Tree:
    """Of the model over a control."""
    model, other = (
        {
            f"l2_{formula}_avg": _average_m(formula, _chosen(entry.after, indices), results.horizon)
            for formula in FORMULAS
        }
        for entry in (results.model, control)
    )
    return lead_summary(model, other, [results.cases[index].keyframe.scene_name for index in indices])


def entry_tree(results: Results, entry: Entry, indices: Sequence[int]) -> Tree:
    """Numbers of an entry on some cases, at least one."""
    before, truth, after = (_chosen(all_, indices) for all_ in (results.before, results.truth, entry.after))
    outcomes = _chosen(entry.outcomes, indices)
    alone = [one for one in _chosen(entry.alone, indices) if one is not None]
    horizon = results.horizon
    return {
        "cases": len(indices),
        "before": trajectory_tree(before, horizon),
        "after": trajectory_tree(after, horizon),
        "truth": trajectory_tree(truth, horizon),
        "alone": {"cases": len(alone)} | (trajectory_tree(alone, horizon) if alone else {}),
        "improvement": _improvement(before, after, horizon),
        **harm_summary(_average_m("a", before, horizon), _average_m("a", after, horizon)),
        **failure_summary([outcome.failure for outcome in outcomes]),
        "kept_proposal_rate": sum(outcome.status == "kept_proposal" for outcome in outcomes) / len(outcomes),
        "calibration": _calibration(results, entry, indices),
        "faithfulness": _faithfulness(entry.faithfulness, indices),
        "draft_faithfulness": _faithfulness(entry.draft_faithfulness, indices),
        "latency": _latency(entry, indices),
    }


def _faithfulness(said: Sequence[Faithfulness | None], indices: Sequence[int]) -> Tree:
    return faithfulness_summary([one for one in _chosen(said, indices) if one is not None])


def trajectory_tree(assessments: Sequence[Assessment], horizon: Horizon) -> Tree:
    """Numbers of at least one trajectory."""
    return {
        **l2_summary(np.array([one.distance_m for one in assessments]), horizon),
        **collision_summary(np.array([one.collided for one in assessments]), horizon),
        **off_road_summary(np.array([one.outside_m for one in assessments])),
        "kinematics": kinematics_summary([one.violated for one in assessments]),
    }


def _improvement(before: Sequence[Assessment], after: Sequence[Assessment], horizon: Horizon) -> Tree:
    """1 - after / before of mean errors: 0.5 halves them; None where the input has no error."""
    shares: Tree = {}
    for formula in FORMULAS:
        was, is_ = (float(_average_m(formula, side, horizon).mean()) for side in (before, after))
        shares[f"l2_{formula}_avg_share"] = 1.0 - is_ / was if was > 0 else None
    return shares


def _average_m(formula: str, assessments: Sequence[Assessment], horizon: Horizon) -> np.ndarray:
    return l2_average_m(formula, np.array([one.distance_m for one in assessments]), horizon)


def _calibration(results: Results, entry: Entry, indices: Sequence[int]) -> Tree:
    errors, scales = [], []
    for index in indices:
        outcome = entry.outcomes[index]
        if outcome.alone_ego_m is not None and outcome.scale_m is not None:
            errors.append(results.cases[index].truth_ego_m - outcome.alone_ego_m)
            scales.append(outcome.scale_m)
    return calibration_summary(np.array(errors), np.array(scales))


def _latency(entry: Entry, indices: Sequence[int]) -> Tree:
    """The first proposal in a frame finds nothing of it in the engine's prefix cache, so it is told apart too."""
    times = [entry.outcomes[index].times for index in indices]
    measured = {
        name: [value for one in times if (value := getattr(one, name)) is not None]
        for name in ("trajectory", "request", "explanation_start", "perception")
    }
    new = [one.trajectory for one in times if one.perception is not None and one.trajectory is not None]
    return {name: latency_summary(values) for name, values in (measured | {"trajectory_new_frame": new}).items()}


def _chosen(items: Sequence[Item], indices: Sequence[int]) -> list[Item]:
    return [items[index] for index in indices]
