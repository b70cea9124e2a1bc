"""Builds correction samples from a nuScenes data set."""

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from nuscenes.nuscenes import NuScenes

from training.data.samples.dataset_info import write_dataset_info
from training.data.samples.scene_rows import OnError, ReadingOptions, SceneRows, reason, scene_reader
from training.data.samples.seeds import check_seed
from training.data.samples.shards import SplitWriter
from training.data.samples.splits import SPLITS, Splits, check_no_leak, official_splits_of, split_scenes
from training.data.samples.summary import BuildSummary, counted
from training.data.workers import each_in_processes
from waymend.errors import InvalidField
from waymend.trajectory import Horizon


def build_samples(
    nuscenes: NuScenes,
    out: Path,
    seed: int,
    shares: Sequence[float] = (0.8, 0.1, 0.1),
    official_splits: bool = False,
    on_error: OnError = "stop",
    workers: int = 1,
    horizon: Horizon | None = None,
    conversations: bool = True,
) -> BuildSummary:
    """Writes key frames, proposals with their conversations, splits and counts; equal input and seed, equal files.

    `out` receives `keyframes/<split>/*.parquet`, `conversations/<split>/*.parquet`, `dataset_info.json`, `splits.json`
    and `summary.json`.

    Args:
        nuscenes: The opened data set.
        out: A new or empty folder.
        seed: Of everything that is random, the splits included.
        shares: Of scenes for train, val and test.
        official_splits: Whether to split as nuScenes does, instead of by whole logs and `shares`.
        on_error: What to do about a scene that cannot be read.
        workers: Processes.
        horizon: Of the true future and the proposals; None for the default.
        conversations: Whether proposals and conversations are made; what draws its own plans needs key frames alone.

    Raises:
        InvalidField: Wrong arguments, or a scene that cannot be read when errors stop the build.
    """
    check_seed(seed)
    if out.exists() and any(out.iterdir()):
        raise InvalidField("out", "an empty or new folder", out)
    log_of_scene, counts = _logs(nuscenes, on_error)
    names = list(log_of_scene)
    planned = (
        official_splits_of(names, nuscenes.version) if official_splits else split_scenes(log_of_scene, seed, shares)
    )
    check_no_leak(planned, log_of_scene, by_log=not official_splits)
    tokens = [scene["token"] for scene in nuscenes.scene if scene["name"] in log_of_scene]
    read = scene_reader(nuscenes, ReadingOptions(horizon or Horizon(), seed, on_error, conversations), workers)
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        writers = {split: stack.enter_context(SplitWriter(out, split)) for split in SPLITS}
        for rows in each_in_processes(read, tokens, workers, "Building samples"):
            split = _split_of(planned, rows.scene_name)
            writers[split].write(rows.keyframes, rows.conversations)
            counts.add(split, rows)
    return _finish(out, nuscenes, seed, planned, log_of_scene, counts)


@dataclass(slots=True)
class _Counts:
    keyframes: Counter[str] = field(default_factory=Counter)
    conversations: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    static_scenes: list[str] = field(default_factory=list)
    static_keyframes: int = 0
    failures: dict[str, str] = field(default_factory=dict)

    def add(self, split: str, rows: SceneRows) -> None:
        if rows.failure is not None:
            self.failures[rows.scene_name] = rows.failure
            return
        self.keyframes[split] += len(rows.keyframes)
        self.conversations[split] += len(rows.conversations)
        self.kinds.update(row["proposal_kind"] for row in rows.conversations)
        self.commands.update(row["command"] for row in rows.keyframes)
        self.skipped.update(rows.skipped_samples or {})
        self.static_scenes += [rows.scene_name] if rows.static else []
        self.static_keyframes += rows.static_keyframes


def _logs(nuscenes: NuScenes, on_error: OnError) -> tuple[dict[str, str], _Counts]:
    """Log by scene, in the data set's order, and counts that hold the scenes without one."""
    logs, counts = {}, _Counts()
    for scene in nuscenes.scene:
        try:
            logs[scene["name"]] = nuscenes.get("log", scene["log_token"])["logfile"]
        except KeyError as error:
            if on_error == "stop":
                raise InvalidField(f"scene.{scene['name']}", "a log with its file's name", reason(error)) from None
            counts.failures[scene["name"]] = reason(error)
    return logs, counts


def _split_of(splits: Splits, scene_name: str) -> str:
    return next(split for split, names in splits.items() if scene_name in names)


def _finish(
    out: Path, nuscenes: NuScenes, seed: int, planned: Splits, log_of_scene: dict[str, str], counts: _Counts
) -> BuildSummary:
    splits = {split: [name for name in names if name not in counts.failures] for split, names in planned.items()}
    (out / "splits.json").write_text(json.dumps(splits, indent=2) + "\n")
    write_dataset_info(out, [split for split in SPLITS if counts.conversations[split]])
    logs = Counter(log for names in splits.values() for log in {log_of_scene[name] for name in names})
    summary = BuildSummary(
        dataroot=str(Path(nuscenes.dataroot).resolve()),
        version=nuscenes.version,
        seed=seed,
        scenes={split: len(names) for split, names in splits.items()},
        keyframes={split: counts.keyframes[split] for split in SPLITS},
        conversations={split: counts.conversations[split] for split in SPLITS},
        proposal_kinds=counted(counts.kinds),
        commands=counted(counts.commands),
        skipped_samples=counted(counts.skipped),
        static_scenes=tuple(counts.static_scenes),
        static_keyframes=counts.static_keyframes,
        logs_in_several_splits=tuple(sorted(log for log, times in logs.items() if times > 1)),
        failures=counts.failures,
    )
    summary.write(out)
    return summary
