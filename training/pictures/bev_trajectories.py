"""Proposal, correction and true future from above."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from numpy.typing import NDArray

from training.pictures import palette
from training.pictures.correction_view import CorrectionView
from training.pictures.palette import HALO
from training.pictures.ribbon import smooth_path
from waymend.frames import FrameDescription


def draw_trajectories(axes: Axes, description: FrameDescription, answer: CorrectionView) -> None:
    for point, scale in zip(answer.correction_ego_m, answer.scale_m, strict=True):
        axes.add_patch(
            Circle(tuple(point), float(scale), facecolor=palette.CORRECTION, alpha=0.10, edgecolor="none", zorder=6.9)
        )
        axes.add_patch(
            Circle(
                tuple(point),
                float(scale),
                facecolor="none",
                edgecolor=palette.CORRECTION,
                alpha=0.45,
                lw=0.7,
                zorder=6.9,
            )
        )
    _draw_path(axes, answer.proposal_ego_m, palette.PROPOSAL, 3.4, 28, "s", 7)
    _draw_path(axes, answer.correction_ego_m, palette.CORRECTION, 2.2, 24, "o", 8)
    if description.future_trajectory_ego_m is not None:
        truth = np.array(description.future_trajectory_ego_m)
        axes.plot(*smooth_path(truth).T, color=palette.TRUTH, lw=1.5, ls=(0, (3.2, 1.8)), zorder=9, path_effects=HALO)
        axes.scatter(*truth.T, s=20, marker="D", facecolor="white", edgecolor=palette.TRUTH, linewidths=1.2, zorder=9.1)
    _draw_end_labels(axes, description, answer)


def _draw_path(
    axes: Axes, trajectory_ego_m: NDArray[np.float64], color: str, width: float, size: float, marker: str, zorder: float
) -> None:
    axes.plot(
        *smooth_path(trajectory_ego_m).T,
        color=color,
        lw=width,
        zorder=zorder,
        solid_capstyle="round",
        path_effects=HALO,
    )
    axes.scatter(
        *trajectory_ego_m.T, s=size, marker=marker, color=color, edgecolor="white", linewidths=0.8, zorder=zorder + 0.1
    )


def _draw_end_labels(axes: Axes, description: FrameDescription, answer: CorrectionView) -> None:
    """Names both trajectories at their last waypoints, where nothing else is drawn."""
    taken = [np.array(agent.center_ego_m[:2]) for agent in description.agents or []]
    taken += [*answer.proposal_ego_m, *answer.correction_ego_m]
    for name, color, end in (
        ("proposal", palette.PROPOSAL, answer.proposal_ego_m[-1]),
        ("correction", palette.CORRECTION, answer.correction_ego_m[-1]),
    ):
        place = _free_place(axes, end, np.array(taken))
        axes.annotate(
            name, xy=tuple(end), xytext=tuple(place), color=color, fontsize=palette.TEXT_PT, fontweight="bold",
            va="center", ha="center", zorder=10, path_effects=HALO,
            arrowprops={"arrowstyle": "-", "color": color, "lw": 0.9, "shrinkA": 1, "shrinkB": 3},
        )  # fmt: skip
        taken.append(place)


def _free_place(axes: Axes, point: NDArray[np.float64], taken: NDArray[np.float64]) -> NDArray[np.float64]:
    """The place around a point that is farthest from everything taken; a label is wider than high."""
    turns = np.pi / 8 * np.arange(16)
    places = np.array(
        [point + reach * np.array([np.cos(turn), np.sin(turn)]) for reach in (4.0, 6.5) for turn in turns]
    )
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    inside = (
        (places[:, 0] > left + 4) & (places[:, 0] < right - 4) & (places[:, 1] > bottom + 2) & (places[:, 1] < top - 4)
    )
    away = np.hypot((places[:, None, 0] - taken[:, 0]) * 0.55, places[:, None, 1] - taken[:, 1]).min(axis=1)
    return places[np.argmax(np.where(inside, np.minimum(away, 3.5), -1.0))]
