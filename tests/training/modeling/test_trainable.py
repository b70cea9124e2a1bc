"""What trains in each stage, and that nothing else changes."""

from collections import Counter

import pytest
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from training.modeling.base_presets import BUILTIN_TINY
from training.modeling.base_reference import BaseReference
from training.modeling.trainable import trainable_parameters

HEAD = {"llm.projectors.plan", "llm.trajectory_head", "special_rows.rows"}
IMAGE = {"perception.image_tokens", "llm.projectors.image"}
BEV = {"perception.bev_tokens", "llm.projectors.bev"}
VECTOR = {"perception.vector_tokens", "llm.projectors.vector"}
ALIGN = {"alignment.linears.image", "alignment.linears.text", "alignment.log_scales.align"}
ALIGNMENT = ALIGN | {f"alignment.linears.{name}" for name in ("bev", "vector")}
ALIGNMENT |= {f"alignment.log_scales.{name}" for name in ("bev_text", "bev_vector")}
ALWAYS = HEAD | IMAGE | BEV | VECTOR | ALIGNMENT
LAYERS = [f"llm.model.layers.{index}" for index in range(4)]
WHOLE_LLM = {*LAYERS, "llm.model.embed_tokens", "llm.model.norm"}
CAMERA_BRANCH = {f"perception.bevfusion.{name}" for name in ("img_backbone", "img_neck")}
BEV_BRANCH = {
    f"perception.bevfusion.{name}"
    for name in ("view_transform", "pts_middle_encoder", "fusion_layer", "pts_backbone", "pts_neck")
}
STAGES = {
    "pretrain or sft with LoRA": ({}, ALWAYS | {"lora"}),
    "sft with freeze_llm": ({"freeze_llm": True}, ALWAYS),
    "full, all frozen but the language model": (
        {"finetuning_type": "full"},
        (ALWAYS | WHOLE_LLM) - {"special_rows.rows"},
    ),
    "full, all frozen but BEVFusion's BEV branch": (
        {"finetuning_type": "full", "freeze_bevfusion": False, "freeze_llm": True},
        ALWAYS | BEV_BRANCH,
    ),
    "full, the language model frozen": (
        {"finetuning_type": "full", "freeze_bevfusion": False, "freeze_vision_tower": False, "freeze_llm": True},
        ALWAYS | BEV_BRANCH | CAMERA_BRANCH,
    ),
    "full, nothing frozen": (
        {"finetuning_type": "full", "freeze_bevfusion": False, "freeze_vision_tower": False},
        (ALWAYS | WHOLE_LLM | BEV_BRANCH | CAMERA_BRANCH) - {"special_rows.rows"},
    ),
    "freeze_bevfusion holds its image backbone too": (
        {"finetuning_type": "full", "freeze_vision_tower": False, "freeze_llm": True},
        ALWAYS,
    ),
    "freeze: the last layer": ({"finetuning_type": "freeze", "freeze_trainable_layers": 1}, ALWAYS | {LAYERS[3]}),
    "freeze: the first three layers": (
        {"finetuning_type": "freeze", "freeze_trainable_layers": -3},
        ALWAYS | set(LAYERS[:3]),
    ),
    "vision only": ({"modalities": ("image",)}, HEAD | IMAGE | ALIGN | {"lora"}),
    "BEV only, without its contrastive losses": (
        {"modalities": ("bev",), "losses": ("lm", "traj")},
        HEAD | BEV | {"lora"},
    ),
}
_DEPTHS = {"perception.bevfusion": 3, "perception": 2, "llm.model.layers": 4, "llm.trajectory_head": 2, "llm": 3}


def part_of(name: str) -> str:
    """Name of the part of the corrector that a tensor belongs to."""
    if ".lora_" in name:
        return "lora"
    depth = next((depth for prefix, depth in _DEPTHS.items() if name.startswith(prefix)), 3)
    return ".".join(name.split(".")[:depth])


def trained_parts(corrector) -> set[str]:
    """Parts that train, all of them whole."""
    whole = Counter(part_of(name) for name, _ in corrector.named_parameters())
    trained = Counter(part_of(name) for name in trainable_parameters(corrector))
    assert all(count == whole[part] for part, count in trained.items())
    return set(trained)


@pytest.mark.parametrize("stage", STAGES)
def test_the_trainable_tensors_of_each_stage(make_corrector, stage):
    settings, expected = STAGES[stage]
    corrector = make_corrector(**settings)
    assert trained_parts(corrector) == expected
    assert {parameter.dtype for parameter in trainable_parameters(corrector).values()} == {torch.float32}


def test_a_base_from_scratch_trains_its_embeddings_in_a_lora_stage(make_corrector):
    corrector = make_corrector(base=BaseReference.of(BUILTIN_TINY))
    assert trained_parts(corrector) == (ALWAYS | {"lora", "llm.model.embed_tokens"}) - {"special_rows.rows"}
    assert trained_parts(make_corrector(base=BaseReference.of(BUILTIN_TINY), freeze_llm=True)) == ALWAYS


def test_frozen_weights_have_the_asked_dtype_and_trained_ones_float32(make_corrector):
    corrector = make_corrector(dtype=torch.bfloat16)
    dtypes = {
        name: parameter.dtype
        for name, parameter in corrector.llm.named_parameters()
        if not name.startswith("trajectory_head") and not parameter.requires_grad
    }
    assert set(dtypes.values()) == {torch.bfloat16}
    assert corrector.llm.config.dtype == torch.bfloat16


@pytest.mark.parametrize("stage", ["pretrain or sft with LoRA", "sft with freeze_llm", "freeze: the last layer"])
def test_a_step_changes_what_trains_and_nothing_else(make_corrector, make_batch, stage):
    corrector = make_corrector(**STAGES[stage][0])
    before = {name: tensor.clone() for name, tensor in corrector.state_dict().items()}
    trained = trainable_parameters(corrector)
    optimiser = torch.optim.AdamW(trained.values(), lr=1e-2)
    batch = make_batch([0, 1])
    for _ in range(2):  # LoRA's A has a gradient from the second step on, when B is no longer 0.
        optimiser.zero_grad()
        losses = corrector(batch, [batch])
        total = sum(term.total / term.count for term in losses.examples.values())
        (total + sum(losses.alignment.values())).backward()
        optimiser.step()
    after = corrector.state_dict()
    changed = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert changed == set(trained)


def reached_parts(corrector) -> set[str]:
    return {part_of(name) for name, p in corrector.named_parameters() if p.grad is not None and p.grad.any()}


SCENE = IMAGE | BEV | VECTOR


@pytest.mark.parametrize("loss", ["lm", "traj"])
def test_each_loss_of_an_example_reaches_token_makers_and_adapters_by_itself(make_corrector, make_batch, loss):
    corrector = make_corrector(losses=(loss,))
    corrector.example_terms(make_batch([0, 1]))[loss].total.backward()
    head = {"llm.trajectory_head"} if loss == "traj" else set()
    assert reached_parts(corrector) == SCENE | head | {"lora", "llm.projectors.plan", "special_rows.rows"}


def test_contrastive_losses_reach_projectors_and_token_makers_without_the_language_model(make_corrector, make_batch):
    corrector = make_corrector()
    sum(corrector.alignment_terms([make_batch([0, 1])]).values()).backward()
    assert reached_parts(corrector) == SCENE | ALIGNMENT


def test_frozen_parts_stay_in_evaluation_mode(make_corrector):
    lora = make_corrector()
    assert lora.training
    assert lora.llm.training
    assert not lora.perception.bevfusion.training
    full = make_corrector(finetuning_type="full", freeze_bevfusion=False)
    bevfusion = full.perception.bevfusion
    assert bevfusion.training
    assert not bevfusion.img_backbone.training
    assert not any(module.training for module in full.modules() if isinstance(module, _BatchNorm))
    full.eval().train()
    assert not any(module.training for module in full.modules() if isinstance(module, _BatchNorm))


def test_a_frozen_adapter_drops_nothing_out(make_corrector, make_batch):
    corrector, batch = make_corrector(freeze_llm=True), make_batch([0])
    assert torch.equal(corrector.predict(batch)[0], corrector.predict(batch)[0])
