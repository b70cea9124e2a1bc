"""The log of a run, a JSON object per line."""

import json
from pathlib import Path
from typing import Any

from training.running.run_directory import LOG_FILE


class RunLog:
    """A file in the directory of a run."""

    def __init__(self, directory: Path, name: str = LOG_FILE) -> None:
        self._path = directory / name

    def add(self, line: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def cut(self, last_step: int) -> None:
        """Leaves out the lines after a step."""
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.is_file() else []
        kept = [line for line in lines if json.loads(line)["step"] <= last_step]
        self._path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
