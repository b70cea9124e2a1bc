"""How far a bundle's answers are from those of the stage that it was made from."""

import json
from pathlib import Path

import torch

from llm_service.checkpoint import ADAPTER_DIRECTORY
from llm_service.modeling.special_tokens import PLAN_MODALITY
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from perception_service.bundle import WEIGHTS_FILE, load_perception_model
from perception_service.models.perception_model import PerceptionModel
from training.exporting.precision import serving_dtype
from training.exporting.probes import probe_batch
from training.modeling.corrector import Corrector
from training.modeling.lora import load_adapter, read_adapter_settings
from training.modeling.scene_tokens import Batch, scene_tokens
from training.modeling.settings import CorrectorSettings, LoraSettings
from training.modeling.stage_checkpoint import LLM_DIRECTORY, PERCEPTION_DIRECTORY, load_stage
from training.modeling.stage_info import read_stage_info
from waymend.vocabulary import MODALITIES

PROBES = 8
TOLERANCE_M = 1e-3
"""Most that an exported model may differ from the trained one."""


@torch.inference_mode()
def largest_difference_m(stage: Path, bundle: Path, probes: int = PROBES) -> float:
    """The largest difference of a coordinate of a corrected waypoint over made-up scenes, metres.

    The stage answers as it is trained; the bundle from its own files, in the dtype that its configuration names, with
    scene tokens rounded to float16 as they travel between the services.
    """
    trained, config = trained_corrector(stage), _llm_config(bundle / LLM_DIRECTORY)
    perception = load_perception_model(bundle / PERCEPTION_DIRECTORY / WEIGHTS_FILE).eval()
    served = served_llm(bundle / LLM_DIRECTORY, serving_dtype(config["dtype"], bundle))
    largest_m = 0.0
    for seed in range(probes):
        batch = probe_batch(trained.llm.config, perception.config, seed)  # ty: ignore[invalid-argument-type]
        expected_m, _ = trained.predict(_of_modalities(batch, trained))
        largest_m = max(largest_m, float((_answer(served, perception, batch, trained) - expected_m).abs().max()))
    return largest_m


def trained_corrector(stage: Path) -> Corrector:
    """The corrector of a stage in evaluation mode, its weights in the precision that they are trained in."""
    info, llm = read_stage_info(stage), stage / LLM_DIRECTORY
    adapter = llm / ADAPTER_DIRECTORY
    settings = CorrectorSettings(
        finetuning_type="lora" if adapter.exists() else "full",
        lora=read_adapter_settings(adapter) if adapter.exists() else LoraSettings(),
        modalities=info.modalities,
        dtype=serving_dtype(_llm_config(llm)["dtype"], llm),
    )
    return load_stage(stage, settings).eval()


def served_llm(llm: Path, dtype: torch.dtype) -> TrajectoryLlamaForCausalLM:
    """The language model of a bundle's `llm/` directory through transformers, its adapter in it where it has one."""
    model = TrajectoryLlamaForCausalLM.from_pretrained(llm, dtype=dtype)
    if (llm / ADAPTER_DIRECTORY).exists():
        load_adapter(model, llm / ADAPTER_DIRECTORY, dropout=0.0)
    return model.eval()


def _answer(
    llm: TrajectoryLlamaForCausalLM, perception: PerceptionModel, batch: Batch, trained: Corrector
) -> torch.Tensor:
    """Offset [1, T, 2] of the exported halves."""
    modalities = trained.settings.modalities
    made = scene_tokens(perception, batch, modalities)
    tokens = {name: [sample.half() for sample in given.of_samples()] for name, given in made.items()}
    tokens[PLAN_MODALITY] = list(batch["plan"])
    offset_m, _ = llm.trajectory(_of_modalities(batch, trained)["input_ids"], tokens)
    return offset_m


def _of_modalities(batch: Batch, trained: Corrector) -> dict:
    """The batch without the placeholders of modalities that the stage was trained without."""
    token_ids = trained.llm.config.modality_token_ids
    absent = [token_ids[name] for name in MODALITIES if name not in trained.settings.modalities]
    ids = batch["input_ids"]
    kept = ids[~torch.isin(ids, torch.tensor(absent, dtype=ids.dtype))][None]
    return {**batch, "input_ids": kept, "attention_mask": torch.ones_like(kept)}


def _llm_config(llm: Path) -> dict:
    return json.loads((llm / "config.json").read_text(encoding="utf-8"))
