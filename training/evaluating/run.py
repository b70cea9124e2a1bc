"""An evaluation from its settings to `metrics.json`."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np
from nuscenes.nuscenes import NuScenes

from training.data.samples.opening import open_nuscenes
from training.data.samples.summary import BuildSummary, read_summary
from training.evaluating.answering.answerer import CaseAnswerer
from training.evaluating.answering.starting import answering
from training.evaluating.assessment import true_scenes
from training.evaluating.case import Case, CaseSet
from training.evaluating.case_selection import given_cases, own_cases
from training.evaluating.control_entries import ControlMaker
from training.evaluating.entry import EntryMaker
from training.evaluating.metrics.l2 import SECONDS, waypoint_at
from training.evaluating.outcome import Outcome
from training.evaluating.proposals_file import read_proposals
from training.evaluating.protocol import protocol_tree
from training.evaluating.settings import EvaluationSettings
from training.evaluating.subsets import perception_matters
from training.evaluating.tree import Results, Tree, metrics_tree
from waymend.bundle import open_bundle
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

METRICS_FILE = "metrics.json"
PERCEPTION_MATTERS = "perception_matters"


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What came of an evaluation.

    Attributes:
        tree: What `metrics.json` holds.
        nuscenes: The data set, for pictures.
    """

    results: Results
    tree: Tree
    nuscenes: NuScenes


def evaluate(settings: EvaluationSettings, progress: Callable[[str], None] = lambda _: None) -> Evaluation:
    """Answers all cases, measures them beside all controls, and writes `metrics.json`.

    Args:
        settings: What is evaluated.
        progress: Told what is being done.

    Raises:
        BundleError: It is no good bundle.
        InvalidField: A wrong argument, proposals file or data set.
        StackFailed: A service did not start.
        EngineUnavailable: The engine in this process has stopped.
    """
    check_settings(settings)
    bundle = open_bundle(settings.bundle)
    horizon = bundle.manifest.contract.trajectory_horizon
    for second in SECONDS:
        waypoint_at(horizon, second)
    chosen = _chosen(settings, horizon)
    nuscenes = _nuscenes(settings)
    progress("reading what truly happened")
    scenes = true_scenes(nuscenes, chosen.keyframes, horizon)
    maker = EntryMaker(chosen.cases, scenes, horizon)
    controls = ControlMaker(chosen, maker, horizon, settings.seed, progress)
    controls.add_kinematic()
    settings.out.mkdir(parents=True, exist_ok=True)
    with answering(settings, bundle, nuscenes, progress) as (answerer, encoder):
        outcomes = answers(answerer, chosen.cases, settings.explanations, progress)
    reference = controls.add_model_without_parts(bundle, encoder)
    if (networks := settings.control_networks) is not None:
        controls.add_ego_mlps(networks)
    else:
        controls.train_ego_mlps(settings.control_data or settings.data)
    results = Results(
        horizon=horizon,
        cases=chosen.cases,
        before=tuple(maker.assess(case, case.proposal_ego_m) for case in chosen.cases),
        truth=tuple(maker.assess(case, case.truth_ego_m) for case in chosen.cases),
        model=maker.entry(_with_own_trajectories(outcomes, reference)),
        controls=controls.made.entries,
        absent=controls.made.absent,
    )
    tree = {"protocol": protocol_tree(settings, bundle, chosen), **metrics_tree(results, _subsets(chosen, horizon))}
    (settings.out / METRICS_FILE).write_text(json.dumps(tree, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return Evaluation(results, tree, nuscenes)


def check_settings(settings: EvaluationSettings) -> None:
    """Raises InvalidField where two settings exclude each other, or a number is out of range."""
    if settings.offline and settings.url is not None:
        raise InvalidField("offline", "either --offline or --url", "both")
    if settings.proposals is not None and settings.kinds:
        raise InvalidField("kinds", "none where a file gives the proposals", ", ".join(settings.kinds))
    if settings.explanations < 0:
        raise InvalidField("explanations", "at least 0", settings.explanations)
    if settings.pictures < 0:
        raise InvalidField("pictures", "at least 0", settings.pictures)
    if settings.seed < 0:
        raise InvalidField("seed", "at least 0", settings.seed)


def answers(
    answerer: CaseAnswerer, cases: Sequence[Case], explanations: int, progress: Callable[[str], None]
) -> list[Outcome]:
    """What comes of all cases, a key frame at a time.

    Args:
        explanations: How many cases are explained too, spread evenly.
    """
    explained = set(np.linspace(0, len(cases) - 1, min(explanations, len(cases))).round().astype(int).tolist())
    outcomes: list[Outcome] = []
    for _, group in groupby(cases, key=lambda case: case.sample_token):
        together = list(group)
        progress(f"case {len(outcomes) + 1} of {len(cases)}")
        here = {index for index in range(len(together)) if len(outcomes) + index in explained}
        outcomes += answerer.answer(together, here)
    return outcomes


def _chosen(settings: EvaluationSettings, horizon: Horizon) -> CaseSet:
    split = settings.chosen_split
    if settings.proposals is None:
        return own_cases(settings.data, split, settings.kinds, settings.limit, settings.seed)
    proposals = read_proposals(settings.proposals, horizon)
    return given_cases(settings.data, split, proposals, settings.limit, settings.seed)


def _nuscenes(settings: EvaluationSettings) -> NuScenes:
    summary = _summary(settings.data)
    return open_nuscenes(settings.dataroot or Path(summary.dataroot), settings.version or summary.version)


def _summary(data: Path) -> BuildSummary:
    try:
        return read_summary(data)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidField("data", "what `training data build` wrote, with its summary.json", error) from None


def _with_own_trajectories(outcomes: Sequence[Outcome], reference: Sequence[Outcome]) -> list[Outcome]:
    """An answer tells what is left after caution and verifier; the model's own trajectory is that of the reference."""
    return [
        outcome if outcome.failure is not None else replace(outcome, alone_ego_m=other.alone_ego_m)
        for outcome, other in zip(outcomes, reference, strict=True)
    ]


def _subsets(chosen: CaseSet, horizon: Horizon) -> dict[str, list[int]]:
    matters = {keyframe.sample_token: perception_matters(keyframe, horizon) for keyframe in chosen.keyframes}
    return {PERCEPTION_MATTERS: [i for i, case in enumerate(chosen.cases) if matters[case.sample_token]]}
