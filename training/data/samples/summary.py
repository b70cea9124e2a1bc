"""What a build of correction samples did, in numbers."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

STATIC_KEYFRAME_M = 0.5
"""A key frame whose future ends nearer than this is static."""


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """Where samples come from, and how many there are.

    Attributes:
        dataroot, version: The nuScenes data set, an absolute path.
        seed: Of proposals, wording and splits.
        scenes: Scenes by split.
        keyframes: Key frames by split.
        conversations: Proposals, each with a conversation, by split.
        proposal_kinds: Proposals by kind.
        commands: Key frames by command.
        skipped_samples: Samples that are no key frames, by reason.
        static_scenes: Names of the scenes in which the ego vehicle moves less than 1 m.
        static_keyframes: Key frames whose future ends less than 0.5 m from its start.
        logs_in_several_splits: Only nuScenes' own splits may have such.
        failures: Why each scene that is left out could not be read.
    """

    dataroot: str
    version: str
    seed: int
    scenes: dict[str, int]
    keyframes: dict[str, int]
    conversations: dict[str, int]
    proposal_kinds: dict[str, int]
    commands: dict[str, int]
    skipped_samples: dict[str, int]
    static_scenes: tuple[str, ...]
    static_keyframes: int
    logs_in_several_splits: tuple[str, ...]
    failures: dict[str, str]

    def write(self, directory: Path) -> None:
        """Writes `summary.json`."""
        (directory / "summary.json").write_text(json.dumps(asdict(self), indent=2) + "\n")


def read_summary(directory: Path) -> BuildSummary:
    """The summary of a directory that `build_samples` wrote; OSError where there is none."""
    values = json.loads((directory / "summary.json").read_text())
    for name in ("static_scenes", "logs_in_several_splits"):
        values[name] = tuple(values[name])
    return BuildSummary(**values)


def counted(counter: Counter[str]) -> dict[str, int]:
    """In the order of names, so that equal builds write equal files."""
    return {name: counter[name] for name in sorted(counter)}
