"""The report as one HTML file that needs nothing beside it."""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.evaluating.report.pictures import CasePicture, case_pictures
from training.evaluating.report.plots import calibration_curve, change_of_each_case, error_over_horizon
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
from training.evaluating.report.tables import warnings
from training.evaluating.run import Evaluation
from training.evaluating.settings import EvaluationSettings

PAGE_FILE = "index.html"
_STYLE = """
body { font: 15px/1.45 sans-serif; margin: 2em auto; max-width: 1240px; padding: 0 1em; color: #1f2933 }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin: 2em 0 .5em }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .2em .8em; text-align: right; border-bottom: 1px solid #d9dee4 }
th:first-child, td:first-child { text-align: left }
tr.model td { font-weight: bold }
.warning { color: #a05a00 }
figure { display: inline-block; margin: 0 1em 1em 0; vertical-align: top }
figure.case img { width: 590px } figcaption { max-width: 590px; font-size: .87em; color: #52606d }
code { font-size: .9em; overflow-wrap: anywhere }
"""
_SORTS = {"best": "Best", "worst": "Worst", "drawn": "Drawn at random"}


def write_page(evaluation: Evaluation, settings: EvaluationSettings) -> Path:
    """Writes `index.html` with tables, plots and pictures; returns its path."""
    results, tree = evaluation.results, evaluation.tree
    plots = {
        "Error over the horizon": error_over_horizon(results),
        "Each case before and after": change_of_each_case(results),
        "Calibration of the scale": calibration_curve(results),
    }
    pictures = case_pictures(results, evaluation.nuscenes, settings.pictures, settings.seed)
    page = settings.out / PAGE_FILE
    page.write_text(_page(tree, plots, list(pictures)), encoding="utf-8")
    return page


def _page(tree: Mapping[str, Any], plots: Mapping[str, bytes | None], pictures: Sequence[CasePicture]) -> str:
    protocol = tree["protocol"]
    bundle = protocol["bundle"]
    title = html.escape(f"{bundle['name']} {bundle['version']}")
    parts = [
        f"<h1>Corrections of {title}</h1>",
        _protocol(protocol),
        "<h2>All cases: L2 in metres</h2>",
        _main_table(tree),
        "<p>A(t) is the mean over all steps up to t, B(t) the error at t; never compare one with the other. Collision "
        "and off road: at any time up to 3 s, against the annotated future and the map. A case that failed counts as "
        "its input unchanged.</p>",
        "<h2>Ahead of controls, metres</h2>",
        _table(LEAD_HEADINGS, lead_rows(tree)),
        "<p>The control's mean error less the model's, with a 95 % interval over scenes.</p>",
        *(_plot(name, image) for name, image in plots.items() if image is not None),
        "<h2>By kind of proposal</h2>",
        _table(KIND_HEADINGS, ((row.name, row.cells) for row in kind_rows(tree))),
        *_subsets(tree),
        "<h2>Other numbers of the model</h2>",
        _table((), ((name, (value,)) for name, value in fact_rows(tree))),
        *(f"<p>No {html.escape(name.replace('_', ' '))}: {html.escape(why)}</p>"
          for name, why in tree["absent_controls"].items()),
        *_pictures(pictures),
    ]  # fmt: skip
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _protocol(protocol: Mapping[str, Any]) -> str:
    """What was evaluated, in a few lines."""
    untrained = "" if protocol["bundle"]["trained"] else "<p class='warning'>The bundle is untrained.</p>"
    told = "".join(f"<p class='warning'>{html.escape(text)}</p>" for text in warnings(protocol))
    facts = (
        f"{protocol['cases']} cases in {protocol['keyframes']} key frames of {protocol['scenes']} scenes, "
        f"{', '.join(protocol['splits'])} of {protocol['data']}; {protocol['path']}; seed {protocol['seed']}; "
        f"manifest {protocol['bundle']['manifest_sha256'][:16]}; {protocol['date']}; "
        f"{protocol['hardware']['cpus']} CPUs, GPU {protocol['hardware']['gpu'] or 'none'}."
    )
    return f"<p>{html.escape(facts)}</p><p><code>{html.escape(protocol['command'])}</code></p>{untrained}{told}"


def _main_table(branch: Mapping[str, Any]) -> str:
    headings = (*(column.title for column in COLUMNS), FAILURES)
    return _table(headings, ((row.name, cells_of(row)) for row in rows_of(branch)))


def _subsets(tree: Mapping[str, Any]) -> list[str]:
    return [
        f"<h2>{html.escape(name.replace('_', ' ').capitalize())}: {branch['cases']} cases</h2>{_main_table(branch)}"
        for name, branch in tree["subsets"].items()
        if branch["cases"]
    ]


def _table(headings: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in ("", *headings)) if headings else ""
    body = "".join(
        f"<tr{' class=model' if name == 'model' else ''}>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in (name, *cells))
        + "</tr>"
        for name, cells in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>" if head else f"<table>{body}</table>"


def _plot(name: str, image: bytes) -> str:
    return f"<figure>{_image(image, name)}<figcaption>{html.escape(name)}</figcaption></figure>"


def _pictures(pictures: Sequence[CasePicture]) -> list[str]:
    parts: list[str] = []
    for sort, heading in _SORTS.items():
        shown = [picture for picture in pictures if picture.sort == sort]
        parts += [f"<h2>{heading}</h2>"] if shown else []
        parts += [
            f"<figure class='case'>{_image(picture.image, picture.caption)}"
            f"<figcaption>{html.escape(picture.caption)}</figcaption></figure>"
            for picture in shown
        ]
    return parts


def _image(png: bytes, text: str) -> str:
    return f"<img alt='{html.escape(text)}' src='data:image/png;base64,{base64.b64encode(png).decode()}'>"
