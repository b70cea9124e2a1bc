"""The rows and columns of the tables, on the screen and on the page."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from training.evaluating.metrics.l2 import FORMULAS, SECONDS

Tree = Mapping[str, Any]


class Column(NamedTuple):
    """A column: its title, where its number stands in a trajectory's tree, and whether it is a share."""

    title: str
    name: str
    share: bool = False


COLUMNS = (
    *(
        Column(f"{formula.upper()} {'avg' if time == 'avg' else f'{time} s'}", f"l2_{formula}_{suffix}_m")
        for formula in FORMULAS
        for time, suffix in (*((str(second), f"{second}s") for second in SECONDS), ("avg", "avg"))
    ),
    Column("collision", "collision_any_3s_rate", share=True),
    Column("off road", "off_road_rate", share=True),
)
FAILURES = "failures"


class Row(NamedTuple):
    """A trajectory's numbers; the failure rate is None where nobody could fail."""

    name: str
    numbers: Tree
    failure_rate: float | None


def rows_of(branch: Tree) -> Iterator[Row]:
    """The input, the model, the model before the verifier, the controls, and the truth, of a branch of the tree."""
    model = branch["model"]
    yield Row("input", model["before"], None)
    yield Row("model", model["after"], model["failure_rate"])
    if model["alone"]["cases"]:
        yield Row("model before the verifier", model["alone"], None)
    for name, control in branch["controls"].items():
        if name != "input_unchanged":
            fails = control["failure_rate"] if name.startswith("model_") else None
            yield Row(name.replace("_", " "), control["after"], fails)
    yield Row("truth", model["truth"], None)


def cells_of(row: Row) -> list[str]:
    """The numbers of `COLUMNS` and the failure rate as text; what is not known is a dash."""
    cells = [number_text(row.numbers.get(column.name), column.share) for column in COLUMNS]
    return [*cells, number_text(row.failure_rate, True)]


def number_text(value: float | None, share: bool = False) -> str:
    """Metres to a centimetre, or a share to a tenth of a percent."""
    if value is None:
        return "-"
    return f"{value:.1%}" if share else f"{value:.2f}"


class KindRow(NamedTuple):
    """What became of one kind of proposal."""

    name: str
    cells: tuple[str, ...]


KIND_HEADINGS = (
    "cases",
    "A before",
    "A after",
    "B before",
    "B after",
    "A gain",
    "do no harm",
    "CTRA's A",
    "best A else",
)


def kind_rows(tree: Tree) -> Iterator[KindRow]:
    """A row per kind of proposal; `best A else` is of the best control that does not use the model."""
    for kind, branch in tree["by_kind"].items():
        model, controls = branch["model"], branch["controls"]
        rivals = {name: one["l2_a_avg_m"] for name, one in controls.items() if not name.startswith("model_")}
        best = min(rivals, key=lambda name: rivals[name])
        yield KindRow(
            kind.replace("_", " "),
            (
                str(branch["cases"]),
                number_text(model["before"]["l2_a_avg_m"]),
                number_text(model["after"]["l2_a_avg_m"]),
                number_text(model["before"]["l2_b_avg_m"]),
                number_text(model["after"]["l2_b_avg_m"]),
                number_text(model["improvement"]["l2_a_avg_share"], True),
                number_text(model["do_no_harm_rate"], True),
                number_text(controls["ctra"]["l2_a_avg_m"]),
                f"{rivals[best]:.2f} {best.replace('_', ' ')}",
            ),
        )


LEAD_HEADINGS = tuple(f"{formula.upper()} avg" for formula in FORMULAS)


def lead_rows(tree: Tree) -> Iterator[tuple[str, tuple[str, ...]]]:
    """How far the model is ahead of each control, with the interval where there are scenes enough."""
    for name, control in tree["controls"].items():
        lead = control["lead"]
        yield name.replace("_", " "), tuple(_lead_text(lead, f"l2_{formula}_avg") for formula in FORMULAS)


def _lead_text(lead: Tree, name: str) -> str:
    mean, low, high = (lead[f"{name}{part}_m"] for part in ("", "_low", "_high"))
    return f"{mean:+.3f}" if low is None else f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"


def fact_rows(tree: Tree) -> Iterator[tuple[str, str]]:
    """Other numbers of the model, by name."""
    model = tree["model"]
    said, latency, scale = model["faithfulness"], model["latency"], model["calibration"]
    yield "do no harm", f"{number_text(model['do_no_harm_rate'], True)} of {model['good_inputs']} good inputs"
    yield "proposal kept by the verifier", number_text(model["kept_proposal_rate"], True)
    yield (
        "kinematic violations before, after, truth",
        ", ".join(number_text(model[side]["kinematics"]["any"], True) for side in ("before", "after", "truth")),
    )
    if scale["cases"]:
        covered = ", ".join(number_text(scale[f"coverage_{p}"], True) for p in (50, 80, 95))
        yield "coverage of 50, 80, 95 % intervals", covered
    if said["explanations"]:
        yield "explanations all true", f"{number_text(said['explanations_true_rate'], True)} of {said['explanations']}"
        drafts = model["draft_faithfulness"]
        for name, text in (("claims true", said), ("claims true as drafted", drafts)):
            yield name, f"{number_text(text['claims_true_rate'], True)} of {text['claims']}"
    for name, title in (
        ("trajectory", "embedding to trajectory"),
        ("trajectory_new_frame", "embedding to trajectory, new frame"),
        ("request", "whole request"),
        ("explanation_start", "explanation starts after"),
        ("perception", "perception, per frame"),
    ):
        if latency[name]["count"]:
            yield f"{title}, p50 and p95", f"{latency[name]['p50_ms']:.0f} ms, {latency[name]['p95_ms']:.0f} ms"
