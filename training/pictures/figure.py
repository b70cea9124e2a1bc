"""The whole picture of one correction."""

import io
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from training.pictures import palette
from training.pictures.bev import draw_bev
from training.pictures.cameras import CAMERA_ROWS, draw_camera
from training.pictures.correction_view import CorrectionView
from training.pictures.panel import draw_panel
from waymend.frames import FrameDirectory

_SIZE_IN = (15.0, 11.45)
_DPI = 120
_MARGIN_IN = 0.22
_BEV_WIDTH_IN = 9.7
_COLOR_STEPS = (4, 8, 16, 32)
_LARGEST_BYTES = 1_000_000


def draw_correction(frame: FrameDirectory, answer: CorrectionView, path: Path) -> None:
    """Writes a PNG, 1800 px wide: bird's-eye view and verdict above, the six cameras beneath."""
    figure = Figure(figsize=_SIZE_IN, dpi=_DPI, facecolor=palette.PAPER)
    FigureCanvasAgg(figure)
    width, height = _SIZE_IN
    title_y = 1 - 0.30 / height
    _draw_title(figure, frame, title_y)
    bev_height = _BEV_WIDTH_IN / 2
    top = height - 0.58
    draw_bev(_axes(figure, _MARGIN_IN, top - bev_height, _BEV_WIDTH_IN, bev_height), frame, answer)
    panel_x = _MARGIN_IN + _BEV_WIDTH_IN + 0.35
    draw_panel(_axes(figure, panel_x, top - bev_height, width - panel_x - _MARGIN_IN, bev_height), answer)
    _draw_cameras(figure, frame, answer, top - bev_height - 0.18)
    _write(figure, path)


def _draw_title(figure: Figure, frame: FrameDirectory, y: float) -> None:
    description = frame.description
    x = _MARGIN_IN / _SIZE_IN[0]
    figure.text(
        x, y, "Trajectory correction", fontsize=palette.TITLE_PT, fontweight="bold", color=palette.INK, va="center"
    )
    facts = [f"frame {description.frame_id}"]
    if description.ego_state is not None:
        state = description.ego_state
        facts.append(f"ego {state.speed_mps:.1f} m/s, {state.acceleration_mps2:+.1f} m/s²")
    figure.text(1 - x, y, "    ".join(facts), fontsize=palette.HEADING_PT, color=palette.MUTED, va="center", ha="right")


def _draw_cameras(figure: Figure, frame: FrameDirectory, answer: CorrectionView, top_in: float) -> None:
    gap = 0.07
    width = (_SIZE_IN[0] - 2 * _MARGIN_IN - 2 * gap) / 3
    height = width * 9 / 16
    for row, names in enumerate(CAMERA_ROWS):
        for column, name in enumerate(names):
            left = _MARGIN_IN + column * (width + gap)
            bottom = top_in - (row + 1) * height - row * gap
            draw_camera(_axes(figure, left, bottom, width, height), name, frame, answer)


def _axes(figure: Figure, left_in: float, bottom_in: float, width_in: float, height_in: float) -> Axes:
    width, height = _SIZE_IN
    return figure.add_axes((left_in / width, bottom_in / height, width_in / width, height_in / height))


def _write(figure: Figure, path: Path) -> None:
    """As an RGB PNG under 1 MB: colours are rounded, coarser for noisy photographs, until it fits."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    pixels = np.asarray(Image.open(buffer).convert("RGB"), np.int64)
    path.parent.mkdir(parents=True, exist_ok=True)
    for step in _COLOR_STEPS:
        rounded = np.minimum((pixels + step // 2) // step * step, 255).astype(np.uint8)
        Image.fromarray(rounded).save(path, optimize=True)
        if path.stat().st_size < _LARGEST_BYTES:
            break
