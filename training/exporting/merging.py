"""A stage's language-model weights by name, its adapter added to the weights under it, without building a model."""

import re
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from llm_service.checkpoint import ADAPTER_WEIGHTS_FILE
from llm_service.modeling.weight_files import read_tensors
from training.modeling.lora import read_adapter_settings
from waymend.errors import InvalidField

_ADAPTER_NAME = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<half>[AB])\.weight")
"""PEFT's name of half an adapter."""


def base_weights(llm: Path) -> dict[str, Tensor]:
    """The indexed tensors of an `llm/` directory, as they are stored; an adapter beside them is left out."""
    return read_tensors(llm, "")


def merge_adapter(weights: dict[str, Tensor], adapter: Path) -> None:
    """Adds a stored adapter to the weights under it, in place: W + alpha / r * B A, in float32.

    Formula: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, equation 3.

    Raises:
        CheckpointError: It is no adapter that vLLM serves.
        InvalidField: Half an adapter is missing, belongs to no weight, or is misshapen.
    """
    settings = read_adapter_settings(adapter)
    halves = _halves(adapter / ADAPTER_WEIGHTS_FILE)
    _check_complete(halves, _target_modules(weights, settings.targets))
    for module in {module for module, _ in halves}:
        name, a, b = f"{module}.weight", halves[module, "A"], halves[module, "B"]
        weight = weights[name].float()
        if (b.shape[0], a.shape[1], a.shape[0], b.shape[1]) != (*weight.shape, settings.rank, settings.rank):
            shapes = f"A {list(a.shape)}, B {list(b.shape)}"
            expected = f"shapes for rank {settings.rank} and a weight {list(weight.shape)}"
            raise InvalidField(f"{ADAPTER_WEIGHTS_FILE}.{module}", expected, shapes)
        weights[name] = weight + (b.float() @ a.float()) * (settings.alpha / settings.rank)


def _halves(path: Path) -> dict[tuple[str, str], Tensor]:
    try:
        stored = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InvalidField(path.name, "a safetensors file", error) from None
    halves: dict[tuple[str, str], Tensor] = {}
    for name, tensor in stored.items():
        match = _ADAPTER_NAME.fullmatch(name)
        if match is None:
            raise InvalidField(path.name, "tensors base_model.model.*.lora_A.weight and lora_B.weight", name)
        halves[match["module"], match["half"]] = tensor
    return halves


def _target_modules(weights: dict[str, Tensor], targets: tuple[str, ...]) -> set[str]:
    """The base model's linears that the adapter's settings name."""
    modules = (name.removesuffix(".weight") for name in weights if name.startswith("model.layers."))
    return {module for module in modules if module.rpartition(".")[2] in targets}


def _check_complete(halves: dict[tuple[str, str], Tensor], modules: set[str]) -> None:
    expected = {(module, half) for module in modules for half in "AB"}
    missing, unexpected = sorted(expected - halves.keys()), sorted(halves.keys() - expected)
    if missing or unexpected:
        found = f"missing: {missing[:5]}; unexpected: {unexpected[:5]}"
        raise InvalidField(ADAPTER_WEIGHTS_FILE, "A and B of every target", found)
