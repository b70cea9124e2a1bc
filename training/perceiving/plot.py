"""The loss of a perception training and its terms over the steps, as a picture."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.perceiving.learner import TERMS
from training.running.plot import curve, read_log
from training.running.run_directory import PLOT_FILE

_CURVES = ("loss", *(f"loss_{name}" for name in TERMS))
_COLUMNS = 4
_FIGURE_INCHES = (15.0, 6.0)


def plot_losses(run: Path) -> Path:
    """Draws `loss.png` in the directory of a run and returns its path.

    Raises:
        InvalidField: There is no log with a loss in it.
    """
    log = read_log(run)
    figure = Figure(figsize=_FIGURE_INCHES, layout="constrained")
    panels = list(figure.subplots(-(-len(_CURVES) // _COLUMNS), _COLUMNS).flat)
    for name, panel in zip(_CURVES, panels, strict=False):
        panel.plot(*curve(log, name), linewidth=1.2)
        panel.set_title(name)
        panel.set_xlabel("step")
        panel.grid(alpha=0.3)
    for panel in panels[len(_CURVES) :]:
        panel.set_axis_off()
    target = run / PLOT_FILE
    FigureCanvasAgg(figure).print_png(str(target))
    return target
