"""The terminal that a chat runs in, or a script in its place."""

from dataclasses import dataclass
from typing import TextIO

from rich.console import Console


@dataclass(frozen=True, slots=True)
class Terminal:
    """Attributes:
    console: Where everything is printed.
    stream: Where lines are read; None: the keyboard, with line editing.
    """

    console: Console
    stream: TextIO | None = None

    def ask(self, label: str) -> str | None:
        """A line without surrounding blanks; None at the end of input."""
        try:
            line = self.console.input(f"[bold]{label}>[/] ", stream=self.stream)
        except EOFError:
            return None
        return line.strip() if line or self.stream is None else None
