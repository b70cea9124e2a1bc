"""Which parameters of a corrector train in a stage: a rule for each part of it."""

import re
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from llm_service.modeling.special_tokens import PLAN_MODALITY
from training.modeling.base_reference import BaseReference
from training.modeling.pairs import compared_things, wanted_pairs
from training.modeling.settings import CorrectorSettings

if TYPE_CHECKING:
    from training.modeling.corrector import Corrector

_IMAGE_BRANCH = ("img_backbone", "img_neck")
_TOWER = "vision_tower"
_DETECTION_HEAD = "bbox_head"
_LAYER = re.compile(r"model\.layers\.(\d+)\.")
_TOKEN_MAKERS = {"image_tokens": "image", "bev_tokens": "bev", "vector_tokens": "vector"}


def trains_embeddings(settings: CorrectorSettings, base: BaseReference) -> bool:
    """Whether the input embedding trains itself; else only the row of `<|traj|>`, as an overlay."""
    return not settings.freeze_llm and (settings.finetuning_type == "full" or base.from_scratch)


def trainable_parameters(corrector: "Corrector") -> dict[str, nn.Parameter]:
    """The parameters that train, by name; all are float32."""
    return {name: parameter for name, parameter in corrector.named_parameters() if parameter.requires_grad}


def make_trainable(corrector: "Corrector") -> None:
    """Marks every parameter as trained or frozen, and makes the trained ones float32."""
    for name, parameter in corrector.named_parameters():
        trained = _trains(name, corrector)
        parameter.requires_grad_(trained)
        if trained and parameter.dtype != torch.float32:
            parameter.data = parameter.data.float()


def apply_modes(corrector: "Corrector") -> None:
    """Puts what must not behave as in training into evaluation mode, after a change to training mode.

    Batch normalisations never use a batch's own statistics: samples would depend on their micro-batch, and an
    accumulated step would not equal one big batch. Their scales and shifts train where their branch does.
    """
    settings, bevfusion, tower = corrector.settings, corrector.perception.bevfusion, corrector.perception.vision_tower
    for module in bevfusion.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
    if settings.finetuning_type != "full" or settings.freeze_bevfusion:
        bevfusion.eval()
    if tower is not None and (settings.finetuning_type != "full" or settings.freeze_vision_tower):
        tower.eval()
    if tower is None and settings.freeze_vision_tower:
        for branch in _IMAGE_BRANCH:
            bevfusion.get_submodule(branch).eval()
    if settings.freeze_llm:
        for module in corrector.llm.modules():
            if isinstance(module, nn.Dropout):
                module.eval()


def _trains(name: str, corrector: "Corrector") -> bool:
    part, _, rest = name.partition(".")
    settings = corrector.settings
    if part == "perception":
        return _perception_trains(rest, settings, corrector.perception.vision_tower is not None)
    if part == "alignment":
        return _alignment_trains(rest, settings)
    if part == "llm":
        return _llm_trains(rest, settings, corrector.base, corrector.llm.config.num_hidden_layers)
    return part == "special_rows"


def _perception_trains(name: str, settings: CorrectorSettings, has_tower: bool) -> bool:
    maker, _, rest = name.partition(".")
    if maker in _TOKEN_MAKERS:
        return _TOKEN_MAKERS[maker] in settings.modalities
    if settings.finetuning_type != "full":
        return False
    if maker == _TOWER:
        return not settings.freeze_vision_tower and "image" in settings.modalities
    if settings.freeze_bevfusion:
        return False
    branch = rest.partition(".")[0]
    if branch in _IMAGE_BRANCH and not has_tower:
        return not settings.freeze_vision_tower and not {"image", "bev"}.isdisjoint(settings.modalities)
    # No loss reads detections.
    return branch != _DETECTION_HEAD and "bev" in settings.modalities


def _alignment_trains(name: str, settings: CorrectorSettings) -> bool:
    kind, of = name.split(".")[:2]
    if kind == "log_scales":
        return of in {pair.name for pair in wanted_pairs(settings)}
    return of in compared_things(settings)


def _llm_trains(name: str, settings: CorrectorSettings, base: BaseReference, layers: int) -> bool:
    part, _, rest = name.partition(".")
    if part in ("trajectory_head", "motion_prior"):
        return "traj" in settings.losses
    if part == "projectors":
        return rest.partition(".")[0] in {PLAN_MODALITY, *settings.modalities}
    if settings.freeze_llm:
        return False
    if ".lora_" in name:
        return True
    if name == "model.embed_tokens.weight" or part == "lm_head":
        return trains_embeddings(settings, base)
    if settings.finetuning_type == "freeze":
        return _is_chosen_layer(name, settings.freeze_trainable_layers, layers)
    return settings.finetuning_type == "full"


def _is_chosen_layer(name: str, count: int, layers: int) -> bool:
    """Whether a tensor is of the last `count` layers, or of the first where the count is negative."""
    match = _LAYER.match(name)
    if match is None:
        return False
    index = int(match.group(1))
    return index >= layers - count if count >= 0 else index < -count
