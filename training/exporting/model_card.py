"""`MODEL_CARD.md`, filled in from the record of a run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from training.evaluating.controls.ego_mlps import RECIPE_FILE as CONTROLS_FILE
from training.exporting.data_rights import data_of, is_procedural_alone
from training.exporting.run_record import DISTANCES, LOSSES, StageRecord
from training.modeling.base_presets import base_preset
from training.motion.settings import RECIPE_FILE as MOTION_FILE
from waymend.trajectory import Horizon
from waymend.vocabulary import CAMERA_NAMES, MODALITIES

CARD_FILE = "MODEL_CARD.md"
UNKNOWN = "unknown"
_TEMPLATE = Path(__file__).with_name("model_card.txt")
_MEASURE = "`python -m training eval` measures displacement, collisions and more, beside controls."
_SUMMARY_FILE = "summary.json"
_PROCEDURAL_LICENCE = "drives of `training data synthesize` alone, which carry no third-party rights."
_DATA_LICENCE = (
    "not recorded by the run. nuScenes and what is made of it may be used under the nuScenes Terms of Use, which allow "
    "no commercial use without an agreement; Waymo's data under the Waymo Dataset License. Drives of `training data "
    "synthesize` carry no third-party rights. Whoever passes this bundle on must find out which of these it was "
    "trained on."
)


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """What the export itself knows.

    Attributes:
        name, version: Of the bundle.
        horizon: Of the trajectories.
        adapter: Whether an adapter lies beside the base.
        merged: Whether one was merged into it.
        served_dtype: What the engine computes in.
        difference_m: Largest difference of an answer to the trained stage's; None where it was not measured.
        probes: Scenes that it was measured on.
        controls: Directory of the ego-status networks that it brings; None without any.
    """

    name: str
    version: str
    horizon: Horizon
    adapter: bool
    merged: bool
    served_dtype: str
    difference_m: float | None = None
    probes: int = 0
    controls: Path | None = None


def model_card(facts: ExportFacts, chain: Sequence[StageRecord]) -> str:
    """The card's text.

    Args:
        facts: Of the export.
        chain: The stages, the exported one last.
    """
    exported = chain[-1]
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=facts.name,
        version=facts.version,
        waypoints=facts.horizon.waypoints,
        step_s=f"{facts.horizon.step_s:g}",
        trained=_trained(exported),
        weights=_weights(facts),
        difference=_difference(facts),
        base=_base(exported),
        stages=_stages(chain),
        modalities=_modalities(exported),
        data="\n".join(f"- {line}" for line in _data_lines(facts, chain)),
        data_licence=_PROCEDURAL_LICENCE if is_procedural_alone(chain, facts.controls) else _DATA_LICENCE,
        evaluation=_evaluation(exported),
        more_limits=_more_limits(exported),
    )


def _trained(exported: StageRecord) -> str:
    if exported.steps is None:
        return f"{UNKNOWN}: the run did not record its steps."
    return "yes" if exported.steps else "no: no step was made. The answers mean nothing."


def _weights(facts: ExportFacts) -> str:
    adapter = "merged into the base" if facts.merged else "beside the base, in `llm/adapter`" if facts.adapter else None
    lora = f"; the LoRA adapter is {adapter}" if adapter else ""
    return f"served in {facts.served_dtype}, projectors, trajectory head and motion prior in float32{lora}."


def _difference(facts: ExportFacts) -> str:
    if facts.difference_m is None:
        return "not measured."
    scenes = f"on {facts.probes} made-up scenes"
    return f"waypoints differ by at most {facts.difference_m:.1e} m {scenes}, both computed with transformers."


def _base(exported: StageRecord) -> str:
    base = exported.info.base
    hint = base_preset(base.name).hint
    lines = [f"`{base.name}`, revision {base.revision or UNKNOWN}"]
    lines += [hint] if hint else ["Its licence is unknown to this tool; it applies to these weights too."]
    return "\n".join(f"- {line}" for line in lines)


def _stages(chain: Sequence[StageRecord]) -> str:
    lines = ["| stage | method | steps | last losses |", "|---|---|---|---|", *map(_stage_row, chain)]
    first = chain[0].started_from
    if first is None:
        lines += ["", "What the first of these stages began with was not recorded beyond the base model."]
    elif first != chain[0].info.base.name:
        lines += ["", f"The first of these stages began with `{first}`, which was not there to be read."]
    return "\n".join(lines)


def _stage_row(record: StageRecord) -> str:
    steps = UNKNOWN if record.steps is None else str(record.steps)
    losses = {name: record.logged[name] for name in LOSSES if name in record.logged}
    return f"| {_stage_name(record)} | {record.info.finetuning_type} | {steps} | {_numbers(losses)} |"


def _stage_name(record: StageRecord) -> str:
    """What kind of stage it is, and the name of its run where that is another."""
    kind = record.info.training_stage
    name = Path(record.recipe.get("output_dir") or kind).name
    return kind if name == kind else f"{kind} `{name}`"


def _numbers(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items()) or UNKNOWN


def _modalities(exported: StageRecord) -> str:
    enabled = exported.info.modalities
    dropout = exported.recipe.get("modality_dropout")
    lines = [f"Trained with: {', '.join(enabled) or 'none'}."]
    if isinstance(dropout, int | float):
        lines.append(f"Each was left out at random with probability {dropout:g} in the last stage.")
    return "\n".join(lines)


def _data_lines(facts: ExportFacts, chain: Sequence[StageRecord]) -> list[str]:
    """A line per stage: the data set's name and, where its build is still there, how large it is."""
    lines = [f"{_stage_name(record)}: {_data_set(record)}" for record in chain]
    priors = [prior for record in chain if isinstance(prior := record.recipe.get("motion_prior"), str)]
    lines += [f"motion prior: {_of_part(Path(prior) / MOTION_FILE)}" for prior in priors]
    if facts.controls is not None:
        lines.append(f"controls of an evaluation: {_of_part(facts.controls / CONTROLS_FILE)}")
    return lines


def _of_part(recipe: Path) -> str:
    data = data_of(recipe)
    return ", ".join(f"`{one}`" for one in data) if isinstance(data, list) else UNKNOWN


def _data_set(record: StageRecord) -> str:
    directory, samples = record.told("dataset_dir"), record.told("train_samples")
    if directory is None:
        return UNKNOWN
    counts = _build_counts(Path(directory) / _SUMMARY_FILE)
    trained_on = UNKNOWN if samples is None else str(samples)
    return f"`{directory}`{f' ({counts})' if counts else ''}; samples that were trained on: {trained_on}"


def _build_counts(summary: Path) -> str:
    try:
        counts: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
        return ", ".join(
            f"{split}: {counts['scenes'][split]} scenes, {number} conversations"
            for split, number in counts["conversations"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""


def _evaluation(exported: StageRecord) -> str:
    names = [f"eval_{name}" for name in (*LOSSES, *DISTANCES)]
    evaluated = {name: exported.logged[name] for name in names if name in exported.logged}
    if not evaluated:
        return f"None was made in the run. {_MEASURE}"
    return (
        f"The run's last one, on samples that it was not trained on in this stage: {_numbers(evaluated)}.\n"
        f"(`l2_before_m` and `l2_after_m`: mean distance of proposals and of corrections from the truth.) "
        f"{_MEASURE}"
    )


def unseen_cameras(exported: StageRecord) -> tuple[str, ...]:
    """Cameras that the stage's sensors were read without, though the bundle is served with all."""
    views = exported.recipe.get("num_camera_views")
    reads_sensors = not {"image", "bev"}.isdisjoint(exported.info.modalities)
    return CAMERA_NAMES[views:] if reads_sensors and isinstance(views, int) else ()


def _more_limits(exported: StageRecord) -> str:
    limits = []
    absent = [name for name in MODALITIES if name not in exported.info.modalities]
    if absent:
        limits.append(
            f"- Trained without {', '.join(absent)}: the contract has no such tokens, and the services make none.\n"
        )
    if unseen := unseen_cameras(exported):
        limits.append(
            f"- Trained without the cameras {', '.join(unseen)}, which the services see: how far answers are from\n"
            "  those in training was not measured. Send frames without them (perception's `min_cameras`).\n"
        )
    if bits := exported.recipe.get("quantization_bit"):
        limits.append(
            f"- Trained on a base held in {bits} bits, exported with the base in full precision: how far answers are\n"
            "  from those in training was not measured. The difference above is to the full precision.\n"
        )
    return "".join(limits)
