"""Distributions of what the vehicle does and meets."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.data.samples.statistics import Statistics
from training.pictures import palette

_BINS = 40


def draw_histograms(statistics: Statistics, path: Path) -> None:
    """Writes a PNG with a histogram of each quantity; what lies beyond its range is counted in the outermost bin."""
    quantities = (
        ("speed, m/s", statistics.speed_mps, (0.0, 35.0)),
        ("acceleration, m/s²", statistics.acceleration_mps2, (-6.0, 6.0)),
        ("curvature of the future path, 1/m, left positive", statistics.curvature_1pm, (-0.15, 0.15)),
        ("gap to what is ahead, m", statistics.lead_gap_m, (0.0, 60.0)),
        ("annotated agents", statistics.agents.astype(np.float64), (0.0, 120.0)),
    )
    figure = Figure(figsize=(15.0, 2.9), dpi=100, facecolor=palette.PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (name, values, limits) in zip(figure.subplots(1, len(quantities)), quantities, strict=True):
        _draw(axes, name, values, limits)
    figure.savefig(path)


def _draw(axes: Axes, name: str, values: NDArray[np.float64], limits: tuple[float, float]) -> None:
    axes.hist(np.clip(values, *limits), bins=_BINS, range=limits, color=palette.CORRECTION, alpha=0.8)
    axes.set_xlabel(name, fontsize=palette.TEXT_PT)
    axes.set_yscale("symlog", linthresh=10)
    axes.tick_params(labelsize=palette.SMALL_PT)
    axes.spines[["top", "right"]].set_visible(False)
