"""A page about correction samples: tables, histograms, and pictures of some key frames."""

import html
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from nuscenes.nuscenes import NuScenes
from rich.console import Console
from rich.progress import track

from perception_service.convert.nuscenes_sample import frame_from_sample
from training.data.inspection.histograms import draw_histograms
from training.data.inspection.picture import Explained, draw_keyframe
from training.data.inspection.tables import counts_table
from training.data.samples.keyframe import Keyframe, Proposal
from training.data.samples.keyframe_rows import keyframe_from_row
from training.data.samples.loading import load_conversations, load_keyframes
from training.data.samples.opening import open_nuscenes
from training.data.samples.splits import SPLITS
from training.data.samples.statistics import Statistics, dataset_statistics
from training.data.samples.summary import BuildSummary, read_summary

_STYLE = """
body { font: 15px sans-serif; margin: 2em; color: #1f2933 }
table { display: inline-table; vertical-align: top; margin: 0 2em 1em 0 }
caption { font-weight: bold; text-align: left }
td { padding: 0 1em 0 0 }
img { width: 100%; max-width: 1500px; display: block }
"""


def write_report(directory: Path, out: Path, pictures: int, seed: int) -> Path:
    """Prints counts and writes `index.html` with its pictures; returns its path.

    Args:
        directory: That `build_samples` wrote; the data set that it came from must still be there.
        out: Folder of the page.
        pictures: How many key frames to draw.
        seed: Of their choice.

    Raises:
        InvalidField: There are no samples, or the data set is gone.
    """
    statistics, summary = dataset_statistics(directory), read_summary(directory)
    console = Console()
    for title, counts in _tables(statistics).items():
        console.print(counts_table(title, counts))
    out.mkdir(parents=True, exist_ok=True)
    draw_histograms(statistics, out / "histograms.png")
    drawn = _draw_some(directory, summary, out, pictures, seed)
    page = out / "index.html"
    page.write_text(_page(directory, statistics, drawn))
    return page


def _tables(statistics: Statistics) -> dict[str, Mapping[str, int]]:
    return {
        "Key frames by split": statistics.keyframes_by_split,
        "Key frames by command": statistics.keyframes_by_command,
        "Key frames by location": statistics.keyframes_by_location,
        "Proposals by kind": statistics.proposals_by_kind,
    }


def _draw_some(directory: Path, summary: BuildSummary, out: Path, pictures: int, seed: int) -> list[Path]:
    """Key frames of all splits, each scene as rarely as possible."""
    if not pictures:
        return []
    nuscenes = open_nuscenes(Path(summary.dataroot), summary.version)
    there = [split for split in SPLITS if summary.keyframes[split]]
    chosen = [(split, row) for split in there for row in load_keyframes(directory, split, streaming=True)]
    order = np.random.default_rng(seed).permutation(len(chosen))
    seen: dict[str, int] = {}
    ranked = []
    for number in order.tolist():
        scene = chosen[number][1]["scene_name"]
        seen[scene] = seen.get(scene, 0) + 1
        ranked.append((seen[scene], number))
    picked = [chosen[number] for _, number in sorted(ranked, key=lambda pair: pair[0])[:pictures]]
    said = _explained(directory, {row["sample_token"] for _, row in picked}, there)
    files = []
    for _, row in track(picked, "Drawing"):
        keyframe = keyframe_from_row(row)
        files.append(out / f"{keyframe.scene_name}-{keyframe.sample_token[:8]}.png")
        _draw(nuscenes, keyframe, said[keyframe.sample_token], files[-1])
    return files


def _explained(directory: Path, tokens: set[str], splits: list[str]) -> dict[str, list[Explained]]:
    said: dict[str, list[Explained]] = {token: [] for token in tokens}
    for split in splits:
        for row in load_conversations(directory, split, streaming=True):
            if row["sample_token"] in tokens:
                proposal = Proposal(row["proposal_kind"], np.array(row["proposal"], np.float64))
                said[row["sample_token"]].append(Explained(proposal, row["conversation"][-1]["content"]))
    return said


def _draw(nuscenes: NuScenes, keyframe: Keyframe, explained: list[Explained], path: Path) -> None:
    frame = frame_from_sample(nuscenes, keyframe.sample_token, sweeps=1)
    draw_keyframe(frame, keyframe, explained, path)


def _page(directory: Path, statistics: Statistics, drawn: list[Path]) -> str:
    tables = "".join(
        f"<table><caption>{title}</caption>"
        + "".join(f"<tr><td>{html.escape(name)}</td><td>{count}</td></tr>" for name, count in counts.items())
        + "</table>"
        for title, counts in _tables(statistics).items()
    )
    pictures = "".join(f'<img src="{html.escape(path.name)}" alt="{html.escape(path.stem)}">' for path in drawn)
    name = html.escape(directory.name)
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{name}</title><style>{_STYLE}</style>"
        f"<h1>{name}</h1><p>{len(statistics.speed_mps)} key frames, {statistics.static_keyframes} of them static.</p>"
        f"{tables}<img src='histograms.png' alt='histograms'>{pictures}</html>\n"
    )
