"""Counts of correction samples as tables on the screen."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from training.data.samples.summary import BuildSummary


def print_summary(summary: BuildSummary) -> None:
    """What a build wrote, and what it left out and why."""
    console = Console()
    table = Table(title="Correction samples", title_justify="left")
    for heading in ("", *summary.scenes):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, counts in (
        ("scenes", summary.scenes),
        ("key frames", summary.keyframes),
        ("proposals with a conversation", summary.conversations),
    ):
        table.add_row(name, *(str(count) for count in counts.values()))
    console.print(table)
    console.print(counts_table("Proposals", summary.proposal_kinds))
    console.print(counts_table("Commands", summary.commands))
    console.print(f"static: {len(summary.static_scenes)} scenes, {summary.static_keyframes} key frames (kept)")
    for why, count in summary.skipped_samples.items():
        console.print(f"no key frame: {count} samples, {why}")
    for scene, why in summary.failures.items():
        console.print(f"skipped {scene}: {why}")


def counts_table(title: str, counts: Mapping[str, int]) -> Table:
    """A row per name with its count and share."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("count", justify="right")
    table.add_column("share", justify="right")
    total = max(sum(counts.values()), 1)
    for name, count in counts.items():
        table.add_row(name.replace("_", " "), str(count), f"{count / total:.1%}")
    return table
