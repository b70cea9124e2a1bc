"""The log of a run as it lies on disk."""

import json
from pathlib import Path
from typing import Any


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
