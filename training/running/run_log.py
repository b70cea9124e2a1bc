"""The log of a run, a JSON object per line."""

import json
from pathlib import Path
from typing import Any


class RunLog:
    """A log to which a run adds lines with a `step`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, line: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def cut(self, last_step: int) -> None:
        """Leaves out the lines after a step."""
        kept = [line for line in read_log_lines(self._path) if line["step"] <= last_step]
        self._path.write_text("".join(f"{json.dumps(line)}\n" for line in kept), encoding="utf-8")


def read_log_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a log, none where there is no file; a run that was stopped may have left half of the last."""
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        entries += [entry] if isinstance(entry, dict) else []
    return entries
