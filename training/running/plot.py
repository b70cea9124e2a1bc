"""The loss and its terms over the steps of a run, as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.modeling.losses import LOSS_NAMES
from training.running.run_directory import LOG_FILE, PLOT_FILE
from training.running.run_log import read_log_lines
from waymend.errors import InvalidField

_CURVES = ("loss", *(f"loss_{name}" for name in LOSS_NAMES))
_COLUMNS = 3
_PANEL_INCHES = (4.2, 3.0)


def read_log(run: Path) -> list[dict[str, Any]]:
    """The lines of a run's log.

    Raises:
        InvalidField: There is no log with a loss in it.
    """
    log = read_log_lines(run / LOG_FILE)
    if not any("loss" in line or "eval_loss" in line for line in log):
        raise InvalidField("run", f"the directory of a run, with losses in its {LOG_FILE}", run)
    return log


def plot_run(run: Path) -> Path:
    """Draws `loss.png` in the directory of a run and returns its path; a panel for each term that was logged.

    Raises:
        InvalidField: There is no log with a loss in it.
    """
    log = read_log(run)
    names = [name for name in _CURVES if any(name in line or f"eval_{name}" in line for line in log)]
    columns = min(_COLUMNS, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(columns * _PANEL_INCHES[0], rows * _PANEL_INCHES[1]), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for name, panel in zip(names, panels, strict=False):
        _draw(panel, name, log)
    for panel in list(panels):
        panel.set_axis_off()
    target = run / PLOT_FILE
    FigureCanvasAgg(figure).print_png(str(target))
    return target


def curve(log: Sequence[dict[str, Any]], name: str) -> tuple[list[int], list[float]]:
    """Steps and values of the lines that have `name`."""
    points = [(line["step"], line[name]) for line in log if name in line]
    return [step for step, _ in points], [value for _, value in points]


def _draw(panel: Axes, name: str, log: Sequence[dict[str, Any]]) -> None:
    for label, key, style in (("train", name, "-"), ("eval", f"eval_{name}", "o--")):
        steps, values = curve(log, key)
        if steps:
            panel.plot(steps, values, style, label=label, markersize=3, linewidth=1.2)
    panel.set_title(name)
    panel.set_xlabel("step")
    panel.grid(alpha=0.3)
    panel.legend()
