"""Pictures of cases: the best, the worst, and some that are drawn."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from nuscenes.nuscenes import NuScenes

from perception_service.convert.nuscenes_sample import frame_from_sample
from training.evaluating.case import Case
from training.evaluating.metrics.l2 import l2_average_m
from training.evaluating.outcome import Outcome
from training.evaluating.report.plots import png
from training.evaluating.tree import Results
from training.pictures import CorrectionView, palette
from training.pictures.bev import draw_bev
from waymend.errors import InvalidField

_SIZE_IN, _DPI = (9.0, 4.5), 90


@dataclass(frozen=True, slots=True)
class CasePicture:
    """A PNG of a case; `sort` is `best`, `worst` or `drawn`, `caption` says what it shows."""

    sort: str
    caption: str
    image: bytes


def case_pictures(results: Results, nuscenes: NuScenes, of_each_sort: int, seed: int) -> Iterator[CasePicture]:
    """Pictures of answered cases, each of another key frame within its sort; a frame that cannot be read has none."""
    gain_m = _gain_m(results)
    answered = [i for i, outcome in enumerate(results.model.outcomes) if outcome.failure is None]
    orders = {
        "best": sorted(answered, key=lambda index: -gain_m[index]),
        "worst": sorted(answered, key=lambda index: gain_m[index]),
        "drawn": np.random.default_rng(seed).permutation(answered).astype(int).tolist(),
    }
    for sort, order in orders.items():
        for index in _of_different_frames(results, order)[:of_each_sort]:
            try:
                yield _picture(sort, results, index, gain_m[index], nuscenes)
            except (InvalidField, OSError):
                continue


def _gain_m(results: Results) -> list[float]:
    """How much nearer to the truth each case got, by formula A's average."""
    before, after = (np.array([one.distance_m for one in side]) for side in (results.before, results.model.after))
    return (l2_average_m("a", before, results.horizon) - l2_average_m("a", after, results.horizon)).tolist()


def _of_different_frames(results: Results, order: list[int]) -> list[int]:
    first: dict[str, int] = {}
    for index in order:
        first.setdefault(results.cases[index].sample_token, index)
    return list(first.values())


def _picture(sort: str, results: Results, index: int, gain_m: float, nuscenes: NuScenes) -> CasePicture:
    case, outcome = results.cases[index], results.model.outcomes[index]
    figure = Figure(figsize=_SIZE_IN, dpi=_DPI, facecolor=palette.PAPER)
    FigureCanvasAgg(figure)
    frame = frame_from_sample(nuscenes, case.sample_token, sweeps=1)
    draw_bev(figure.add_axes((0.0, 0.0, 1.0, 1.0)), frame, _view(case, outcome))
    said = f" It says: {outcome.explanation}" if outcome.explanation else ""
    what = f"{case.keyframe.scene_name}, {case.kind} ({case.sample_token}): {outcome.status}".replace("_", " ")
    caption = f"{what}, {abs(gain_m):.2f} m {'nearer to' if gain_m >= 0 else 'farther from'} the truth.{said}"
    return CasePicture(sort, caption, png(figure))


def _view(case: Case, outcome: Outcome) -> CorrectionView:
    scale_m = np.zeros(len(case.proposal_ego_m)) if outcome.scale_m is None else outcome.scale_m
    return CorrectionView(
        proposal_ego_m=case.proposal_ego_m,
        correction_ego_m=outcome.driven_m(case),
        scale_m=scale_m,
        status=outcome.status,
        proposal_checks=(),
        correction_checks=(),
        explanation="",
        model_label="",
    )
