"""A stage becomes a bundle."""

from dataclasses import replace
from pathlib import Path

import structlog

from llm_service.checkpoint import ADAPTER_DIRECTORY
from llm_service.modeling.configuration import TrajectoryLlamaConfig
from perception_service.bundle import token_sets
from training.exporting.comparison import PROBES, TOLERANCE_M, largest_difference_m
from training.exporting.llm_half import write_llm_half
from training.exporting.model_card import CARD_FILE, ExportFacts, model_card, unseen_cameras
from training.exporting.perception_half import write_perception_half
from training.exporting.precision import ServingDtype
from training.exporting.run_logs import keep_controls, keep_logs
from training.exporting.run_record import read_chain
from training.exporting.stage_files import check_stage_files
from training.modeling.replacing import replaced
from training.modeling.stage_checkpoint import LLM_DIRECTORY, PERCEPTION_DIRECTORY
from waymend.bundle import BaseModelReference, Manifest, write_manifest
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

log = structlog.get_logger(__name__)


def export_bundle(
    run: Path,
    out: Path,
    name: str,
    version: str,
    adapter: bool = False,
    dtype: ServingDtype | None = None,
    caution: float | None = None,
    controls: Path | None = None,
    compare: bool = True,
) -> Manifest:
    """Writes `out`, a bundle that both services load; it appears when it is complete.

    Its perception half gives the contract id, which is another than the source's where encoders or token makers have
    been trained. The contract has the modalities that the stage was trained with, so neither service makes or sends
    others. The bundle counts as trained where the run recorded that steps were made.

    Args:
        run: Directory of a finished stage, or of a checkpoint in it.
        out: Directory that does not exist yet.
        name, version: Of the bundle.
        adapter: Whether a LoRA stage's adapter stays beside the base, for GPUs and for exchanging it; else it is
            merged, since on a CPU every step pays for an adapter.
        dtype: What the engine computes in, and the coarsest that weights are stored in; None keeps the stage's.
        caution: How much the service holds offsets back, see `TrajectoryLlamaConfig`; None keeps the stage's.
        controls: Ego-status networks that the bundle brings for its evaluation; None leaves it to train them.
        compare: Whether to measure how far the bundle's answers are from the stage's; takes memory for both.

    Raises:
        CheckpointError: The language model's tensors do not fit.
        InvalidField: A file of the stage is missing, its tensors do not fit, there is no adapter to keep, `out`
            exists, or `controls` are none for its trajectories.
    """
    if out.exists():
        raise InvalidField("out", "a directory that does not exist yet", out)
    check_stage_files(run)
    chain = read_chain(run)
    if unseen := unseen_cameras(chain[-1]):
        log.warning("trained with fewer cameras than are served", trained_without=unseen)
    with replaced(out) as bundle:
        served = write_llm_half(run, bundle / LLM_DIRECTORY, adapter, dtype, caution)
        made = token_sets(write_perception_half(run, bundle / PERCEPTION_DIRECTORY))
        trained = chain[-1].info.modalities
        horizon = _horizon(bundle / LLM_DIRECTORY)
        merged = (run / LLM_DIRECTORY / ADAPTER_DIRECTORY).exists() and not adapter
        dtype_name = str(served).removeprefix("torch.")
        facts = ExportFacts(name, version, horizon, adapter, merged, dtype_name, controls=controls)
        if controls is not None:
            keep_controls(controls, horizon, bundle)
        if compare:
            facts = _compared(facts, run, bundle)
        keep_logs(chain, bundle)
        (bundle / CARD_FILE).write_text(model_card(facts, chain), encoding="utf-8")
        base = chain[-1].info.base
        return write_manifest(
            bundle,
            name=name,
            version=version,
            trained=bool(chain[-1].steps),
            base_model=BaseModelReference(name=base.name, revision=base.revision),
            modalities={name: token_set for name, token_set in made.items() if name in trained},
            horizon=horizon,
        )


def _compared(facts: ExportFacts, run: Path, bundle: Path) -> ExportFacts:
    difference_m = largest_difference_m(run, bundle)
    if difference_m > TOLERANCE_M:
        log.warning(
            "answers differ from the trained stage's",
            largest_m=difference_m,
            expected_m=TOLERANCE_M,
            served_dtype=facts.served_dtype,
        )
    return replace(facts, difference_m=difference_m, probes=PROBES)


def _horizon(llm: Path) -> Horizon:
    config = TrajectoryLlamaConfig.from_pretrained(llm, local_files_only=True)
    return Horizon(config.num_waypoints, config.step_s)
