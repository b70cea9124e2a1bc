"""What the demo prints for each correction."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

_STAGES = ("perception", "wire", "prompt", "prefill", "verifier", "explanation", "total")
_MARKS = {"passed": "[green]pass[/]", "failed": "[red]FAIL[/]", "not_checked": "[dim]-[/]"}


def print_correction(
    console: Console,
    title: str,
    proposal_ego_m: NDArray[np.float64],
    answer: dict[str, Any],
    truth_ego_m: NDArray[np.float64] | None,
) -> None:
    """Waypoints side by side, status, checks, findings, explanation and the latency split."""
    console.rule(f"[bold]{title}")
    console.print(_waypoints(proposal_ego_m, answer, truth_ego_m))
    console.print(f"status       [bold]{answer['status']}[/]  {answer['reason']}")
    console.print(_checks(answer["checks"]))
    for line in answer["findings"].splitlines():
        console.print(f"found        {line}", markup=False)
    explanation = answer["explanation"]
    console.print(f"explanation  {explanation['text']!r} ({explanation['finish']})", markup=False)
    split = "  ".join(f"{stage} {answer['timing_ms'][stage]:.1f}" for stage in _STAGES)
    console.print(f"latency, ms  {split}\n")


def _waypoints(
    proposal_ego_m: NDArray[np.float64], answer: dict[str, Any], truth_ego_m: NDArray[np.float64] | None
) -> Table:
    table = Table(caption="metres in the ego frame: x forward, y left")
    for heading in ("t (s)", "proposal", "correction", "shift", "scale", "true future"):
        table.add_column(heading, justify="right")
    for k, corrected in enumerate(answer["waypoints_ego_m"]):
        shift_m = float(np.linalg.norm(np.subtract(corrected, proposal_ego_m[k])))
        truth = "-" if truth_ego_m is None else _point(truth_ego_m[k])
        time_s = (k + 1) * answer["step_s"]
        scale_m = answer["scale_m"][k]
        table.add_row(
            f"{time_s:.1f}", _point(proposal_ego_m[k]), _point(corrected), f"{shift_m:.2f}", f"{scale_m:.2f}", truth
        )
    return table


def _checks(checks: dict[str, Any]) -> Table:
    table = Table()
    for heading in ("check", "proposal", "correction", "what was found in the correction"):
        table.add_column(heading)
    for before, after in zip(checks["proposal"]["checks"], checks["correction"]["checks"], strict=True):
        table.add_row(before["name"], _MARKS[before["status"]], _MARKS[after["status"]], after["message"])
    return table


def _point(point: Any) -> str:
    return f"{point[0]:6.2f} {point[1]:6.2f}"
