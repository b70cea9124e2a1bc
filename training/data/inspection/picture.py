"""A key frame with its proposals: the scene from above, what is said of each proposal, and the six cameras."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.data.samples.keyframe import Keyframe, Proposal
from training.pictures import palette
from training.pictures.bev import draw_surroundings, set_view
from training.pictures.cameras import CAMERA_ROWS, draw_image, draw_ribbon
from training.pictures.palette import HALO
from training.pictures.ribbon import smooth_path
from waymend.frames import FrameDirectory

_SIZE_IN = (15.0, 9.0)
_DPI = 100
_BEV_IN = (9.4, 4.7)
_GAP_IN = 0.1
_WRAP = 62
_SHOWN_M = 60.0
"""A proposal that goes farther than this beyond the truth would make everything else small."""


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """A proposal and what the conversation says of it."""

    proposal: Proposal
    explanation: str


def draw_keyframe(frame: FrameDirectory, keyframe: Keyframe, explained: Sequence[Explained], path: Path) -> None:
    """Writes a PNG, 1500 px wide."""
    figure = Figure(figsize=_SIZE_IN, dpi=_DPI, facecolor=palette.PAPER)
    FigureCanvasAgg(figure)
    state = keyframe.ego_state
    motion = f"{state.speed_mps:.1f} m/s, {state.acceleration_mps2:+.1f} m/s²"
    title = f"{keyframe.scene_name}   command {keyframe.command}   {motion}"
    figure.text(0.015, 0.975, title, fontsize=palette.TITLE_PT, fontweight="bold", color=palette.INK, va="center")
    width, height = _SIZE_IN
    top = height - 0.5
    bev = figure.add_axes((0.2 / width, (top - _BEV_IN[1]) / height, _BEV_IN[0] / width, _BEV_IN[1] / height))
    _draw_bev(bev, frame, keyframe, explained)
    panel = figure.add_axes((9.8 / width, (top - _BEV_IN[1]) / height, 5.0 / width, _BEV_IN[1] / height))
    _draw_panel(panel, explained)
    _draw_cameras(figure, frame, keyframe, top - _BEV_IN[1] - _GAP_IN)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _draw_bev(axes: Axes, frame: FrameDirectory, keyframe: Keyframe, explained: Sequence[Explained]) -> None:
    limit_m = float(np.abs(keyframe.future_ego_m).max()) + _SHOWN_M
    near = [one.proposal.waypoints_ego_m for one in explained if np.abs(one.proposal.waypoints_ego_m).max() < limit_m]
    set_view(axes, frame.description, [keyframe.future_ego_m, *near])
    draw_surroundings(axes, frame)
    for number, one in enumerate(explained):
        waypoints = one.proposal.waypoints_ego_m
        axes.plot(*smooth_path(waypoints).T, color=_color(number), lw=1.6, zorder=7, path_effects=HALO)
        axes.scatter(*waypoints.T, s=9, color=_color(number), zorder=7.1)
    truth = keyframe.future_ego_m
    axes.plot(*smooth_path(truth).T, color=palette.TRUTH, lw=2.2, ls=(0, (3.2, 1.8)), zorder=9, path_effects=HALO)
    axes.scatter(*truth.T, s=22, marker="D", facecolor="white", edgecolor=palette.TRUTH, linewidths=1.3, zorder=9.1)


def _draw_panel(axes: Axes, explained: Sequence[Explained]) -> None:
    """Each kind in its colour, with what is said of it."""
    axes.axis("off")
    lines = [(f"■ {one.proposal.kind.replace('_', ' ')}", _color(number), textwrap.wrap(one.explanation, _WRAP)[:4])
             for number, one in enumerate(explained)]  # fmt: skip
    step = 1.0 / max(sum(1.15 + len(text) for _, _, text in lines), 24)
    y = 1.0
    for label, color, text in lines:
        axes.text(0, y, label, color=color, fontsize=palette.TEXT_PT, fontweight="bold", va="top")
        for line in text:
            y -= step
            axes.text(0.03, y, line, color=palette.INK, fontsize=palette.SMALL_PT, va="top", parse_math=False)
        y -= 1.15 * step


def _draw_cameras(figure: Figure, frame: FrameDirectory, keyframe: Keyframe, top_in: float) -> None:
    (width, height), gap = _SIZE_IN, 0.07
    camera = frame.description.cameras["CAM_FRONT"]
    wide = (width - 0.4 - 2 * gap) / 3
    high = min(wide * camera.height_px / camera.width_px, (top_in - 3 * gap) / 2)
    for row, names in enumerate(CAMERA_ROWS):
        for column, name in enumerate(names):
            left, bottom = 0.2 + column * (wide + gap), top_in - (row + 1) * (high + gap)
            axes = figure.add_axes((left / width, bottom / height, wide / width, high / height))
            draw_image(axes, name, frame)
            draw_ribbon(axes, keyframe.future_ego_m, 0.3, palette.TRUTH, 0.6, frame.description.cameras[name])


def _color(number: int) -> str:
    return matplotlib.colors.to_hex(matplotlib.colormaps["tab20"](number % 20))
