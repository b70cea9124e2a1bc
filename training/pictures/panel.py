"""The verdict in words: status, checks of both trajectories, explanation, model."""

import textwrap

from matplotlib.axes import Axes

from training.pictures import palette
from training.pictures.correction_view import CorrectionView

_STATUS = {
    "corrected": ("Corrected", palette.CORRECTION, "the answer is the correction"),
    "kept_proposal": ("Proposal kept", palette.PROPOSAL, "the answer is the proposal itself"),
}
_MARKS = {"passed": ("✔", palette.PASSED), "failed": ("✘", palette.FAILED)}
_NOT_CHECKED = ("·", palette.MUTED)
_LINE = 0.0385
_CHARACTERS = 62
_EXPLANATION_LINES = 5


def draw_panel(axes: Axes, answer: CorrectionView) -> None:
    """Fills the axes, whose coordinates run from 0 to 1, from the top."""
    axes.axis("off")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    y = _draw_status(axes, answer, 0.965)
    y = _draw_table(axes, answer, y - 0.02)
    y = _draw_failures(axes, answer, y - 0.012)
    _draw_paragraph(axes, "EXPLANATION", answer.explanation or "none was asked for", y - 0.03)
    axes.text(0, 0.0, _printable(answer.model_label), fontsize=palette.SMALL_PT, color=palette.MUTED, va="bottom")


def _draw_status(axes: Axes, answer: CorrectionView, y: float) -> float:
    name, color, meaning = _STATUS.get(answer.status, (answer.status, palette.INK, ""))
    box = {"boxstyle": "round,pad=0.42", "facecolor": color, "edgecolor": "none"}
    badge = axes.text(0.016, y, name, fontsize=11, fontweight="bold", color="white", va="center", bbox=box)
    axes.annotate(
        meaning, xy=(1, 0.5), xycoords=badge, xytext=(12, 0), textcoords="offset points",
        fontsize=palette.TEXT_PT, color=palette.MUTED, va="center",
    )  # fmt: skip
    return y - 0.075


def _draw_table(axes: Axes, answer: CorrectionView, y: float) -> float:
    """One row per check: name, mark of the proposal, mark of the correction."""
    columns = ((0.62, "proposal", palette.PROPOSAL), (0.86, "correction", palette.CORRECTION))
    axes.text(0, y, "CHECKS", fontsize=palette.SMALL_PT, color=palette.MUTED, va="center", fontweight="bold")
    for x, name, color in columns:
        axes.text(x, y, name, fontsize=palette.TEXT_PT, color=color, va="center", ha="center", fontweight="bold")
    axes.plot([0, 1], [y - _LINE * 0.62] * 2, color=palette.RULE, lw=0.9)
    correction = {name: status for name, status, _ in answer.correction_checks}
    for name, status, _ in answer.proposal_checks:
        y -= _LINE * 1.18
        axes.text(0, y, name.replace("_", " "), fontsize=palette.TEXT_PT, color=palette.INK, va="center")
        for (x, _, _), outcome in zip(columns, (status, correction.get(name, "not_checked")), strict=True):
            mark, color = _MARKS.get(outcome, _NOT_CHECKED)
            axes.text(x, y, mark, fontsize=palette.HEADING_PT, color=color, va="center", ha="center", fontweight="bold")
    return y - _LINE


def _draw_failures(axes: Axes, answer: CorrectionView, y: float) -> float:
    """Up to two messages of failed checks for each trajectory."""
    sides = (
        ("proposal", palette.PROPOSAL, answer.proposal_checks),
        ("correction", palette.CORRECTION, answer.correction_checks),
    )
    for side, color, checks in sides:
        messages = [f"{name.replace('_', ' ')}: {message}" for name, status, message in checks if status == "failed"]
        for text in messages[:2]:
            axes.text(0, y, "■", fontsize=palette.SMALL_PT, color=color, va="center")
            axes.text(
                0.035, y, _shortened(f"{side}, {text}", 72), fontsize=palette.SMALL_PT, color=palette.INK, va="center"
            )
            y -= _LINE
    return y


def _draw_paragraph(axes: Axes, heading: str, text: str, y: float) -> None:
    axes.text(0, y, heading, fontsize=palette.SMALL_PT, color=palette.MUTED, va="center", fontweight="bold")
    lines = textwrap.wrap(_printable(text), _CHARACTERS)
    if len(lines) > _EXPLANATION_LINES:
        lines = [*lines[: _EXPLANATION_LINES - 1], lines[_EXPLANATION_LINES - 1] + " …"]
    axes.text(
        0, y - _LINE * 0.7, "\n".join(lines), fontsize=palette.TEXT_PT, color=palette.INK, va="top", linespacing=1.35
    )


def _shortened(text: str, characters: int) -> str:
    return _printable(text if len(text) <= characters else text[: characters - 1] + "…")


def _printable(text: str) -> str:
    """Model text as it is: no control characters, and a dollar sign does not start mathematics."""
    return "".join(character if character.isprintable() else " " for character in text).replace("$", r"\$")
