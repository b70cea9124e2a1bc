"""Results on the screen."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from training.data.samples.splits import SPLITS
from training.evaluating.report.rows import (
    COLUMNS,
    FAILURES,
    KIND_HEADINGS,
    LEAD_HEADINGS,
    cells_of,
    fact_rows,
    kind_rows,
    lead_rows,
    rows_of,
)

_LEAST_WIDTH = 150
"""On a narrower screen lines wrap, instead of numbers being cut off."""


def print_tables(tree: Mapping[str, Any], console: Console) -> None:
    """Model and controls, kinds of proposal, the subset in which perception matters, and other numbers."""
    console.width = max(console.width, _LEAST_WIDTH)
    protocol = tree["protocol"]
    bundle = protocol["bundle"]
    trained = "" if bundle["trained"] else " (untrained)"
    console.print(
        f"{bundle['name']} {bundle['version']}{trained}, {protocol['path']}: {protocol['cases']} cases in "
        f"{protocol['keyframes']} key frames of {protocol['scenes']} scenes ({', '.join(protocol['splits'])})",
        highlight=False,
    )
    for text in warnings(protocol):
        console.print(text, style="yellow", highlight=False, markup=False)
    console.print(_main_table("All cases: L2 in metres", tree))
    console.print(_table("Ahead of controls, metres (95 % over scenes)", LEAD_HEADINGS, list(lead_rows(tree))))
    console.print(_table("By kind of proposal", KIND_HEADINGS, [(row.name, row.cells) for row in kind_rows(tree)]))
    for name, branch in tree["subsets"].items():
        if branch["cases"]:
            console.print(_main_table(f"{name.replace('_', ' ')}: {branch['cases']} cases", branch))
    for name, reason in tree["absent_controls"].items():
        console.print(f"no {name.replace('_', ' ')}: {reason}", highlight=False, markup=False)
    facts = Table(show_header=False, box=None)
    for name, value in fact_rows(tree):
        facts.add_row(name, value)
    console.print(facts)


def warnings(protocol: Mapping[str, Any]) -> Iterator[str]:
    """What a reader of the numbers has to know of the cases."""
    if protocol["missing_tokens"]:
        listed = ", ".join(protocol["missing_tokens_listed"])
        more = ", ..." if protocol["missing_tokens"] > len(protocol["missing_tokens_listed"]) else ""
        yield (
            f"{protocol['missing_tokens']} of {protocol['given_tokens']} samples of the proposals file are no key "
            f"frames of these splits: {listed}{more}"
        )
    if protocol["keyframes_without_proposal"]:
        yield (
            f"For {protocol['keyframes_without_proposal']} key frames of these splits the proposals file has none: "
            "the numbers are of those that it has."
        )
    if trained_on := protocol["cases_by_split"].get(SPLITS[0]):
        yield (
            f"{trained_on} of {protocol['cases']} cases are of the training split: a bundle that was trained on this "
            "data knows them (by_split in metrics.json tells splits apart)."
        )


def _main_table(title: str, branch: Mapping[str, Any]) -> Table:
    headings = (*(column.title for column in COLUMNS), FAILURES)
    return _table(title, headings, [(row.name, cells_of(row)) for row in rows_of(branch)])


def _table(title: str, headings: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, cells in rows:
        table.add_row(name, *cells, style="bold" if name == "model" else "")
    return table
