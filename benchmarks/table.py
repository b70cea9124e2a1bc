"""Measured figures and how they are printed."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from training.machine import processors


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `target` is empty where none was set, and `met` is None then."""

    name: str
    value: str
    target: str = ""
    met: bool | None = None


def percentile_ms(seconds: Sequence[float], percent: float = 50) -> float:
    """A percentile of durations, in milliseconds."""
    return float(np.percentile(seconds, percent)) * 1e3


def print_figures(title: str, figures: Sequence[Figure]) -> None:
    """Prints one section."""
    table = Table(title=title, title_justify="left")
    for heading in ("figure", "measured", "target", "met"):
        table.add_column(heading)
    for figure in figures:
        met = "" if figure.met is None else "yes" if figure.met else "NO"
        table.add_row(figure.name, figure.value, figure.target, met)
    Console(width=120).print(table)


def hardware() -> str:
    """Date, processor and accelerator, for the head of the table."""
    names = processors()
    processor = f"{len(names)} x {names[0]}"
    accelerator = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{date.today().isoformat()}, {processor}, {accelerator}, Python {platform.python_version()}"
