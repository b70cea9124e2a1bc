"""Plots of an evaluation, as PNG bytes."""

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.evaluating.assessment import Assessment
from training.evaluating.metrics.calibration import half_width
from training.evaluating.tree import Results
from training.pictures import palette

_DPI = 110
_INTERVALS = np.linspace(0.02, 0.98, 49)
_SHOWN_CONTROLS = ("ctra", "ego_status_mlp", "ego_status_and_proposal_mlp", "model_shuffled_perception")


def error_over_horizon(results: Results) -> bytes:
    """Mean distance to the truth at each waypoint: input, model, and some controls."""
    figure, axes = _figure(7.0, 4.0)
    curves = {"input": results.before, "model": results.model.after}
    curves |= {name: results.controls[name].after for name in _SHOWN_CONTROLS if name in results.controls}
    for name, assessments in curves.items():
        color = {"input": palette.PROPOSAL, "model": palette.CORRECTION}.get(name)
        (line,) = axes.plot(results.horizon.times_s, _mean_m(assessments), marker="o", ms=4, lw=1.2, ls="--")
        line.set_label(name.replace("_", " "))
        if color:
            line.set(color=color, linewidth=2.6, linestyle="-")
    axes.set_xlabel("time from now, s")
    axes.set_ylabel("mean distance to the truth, m")
    axes.set_ylim(bottom=0.0)
    axes.legend(fontsize=palette.SMALL_PT, frameon=False)
    return png(figure)


def change_of_each_case(results: Results) -> bytes:
    """Mean distance of each case before and after; below the diagonal is better."""
    figure, axes = _figure(4.4, 4.0)
    before, after = (
        np.array([one.distance_m.mean() for one in side]) for side in (results.before, results.model.after)
    )
    axes.scatter(before, after, s=6, color=palette.CORRECTION, alpha=0.5, linewidths=0)
    farthest = max(float(before.max()), float(after.max()), 1.0)
    axes.plot([0, farthest], [0, farthest], color=palette.MUTED, lw=1.0)
    axes.set_xlabel("input, m")
    axes.set_ylabel("answer, m")
    return png(figure)


def calibration_curve(results: Results) -> bytes | None:
    """Share of errors inside the central interval of each probability; None where no scale is known."""
    known = [
        np.abs(case.truth_ego_m - outcome.alone_ego_m) / outcome.scale_m[:, None]
        for case, outcome in zip(results.cases, results.model.outcomes, strict=True)
        if outcome.alone_ego_m is not None and outcome.scale_m is not None
    ]
    if not known:
        return None
    figure, axes = _figure(4.4, 4.0)
    ratio = np.array(known)
    for index, axis in enumerate("xy"):
        covered = [float((ratio[..., index] <= half_width(p)).mean()) for p in _INTERVALS]
        axes.plot(_INTERVALS, covered, label=f"{axis} (ego frame)")
    axes.plot([0, 1], [0, 1], color=palette.MUTED, lw=1.0)
    axes.set_xlabel("probability of the interval")
    axes.set_ylabel("share of errors inside")
    axes.legend(fontsize=palette.SMALL_PT, frameon=False)
    return png(figure)


def png(figure: Figure) -> bytes:
    """The figure as a file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _figure(width_in: float, height_in: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width_in, height_in), dpi=_DPI, facecolor=palette.PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=palette.SMALL_PT)
    return figure, axes


def _mean_m(assessments: tuple[Assessment, ...]) -> np.ndarray:
    return np.mean([one.distance_m for one in assessments], axis=0)
