"""Low-rank adapters on the Llama's linears, in PEFT's format and in the only form that vLLM serves."""

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from llm_service.checkpoint import ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE, check_adapter
from training.modeling.settings import LoraSettings
from waymend.errors import InvalidField

_ADAPTER = "default"
_PEFT_PREFIX = "base_model.model."
BASE_LAYER = ".base_layer"
LORA_MARK = ".lora_"


def add_lora(llm: nn.Module, settings: LoraSettings, seed: int = 0) -> None:
    """Puts an adapter that changes nothing yet into the model, in place; its weights are float32."""
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(settings.targets),
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inject_adapter_in_model(config, llm, _ADAPTER)
    for name, parameter in llm.named_parameters():
        if LORA_MARK in name:
            parameter.data = parameter.data.float()


def has_lora(llm: nn.Module) -> bool:
    """Whether there is an adapter in the model."""
    return any(isinstance(module, LoraLayer) for module in llm.modules())


def lora_settings(llm: nn.Module) -> LoraSettings:
    """Settings of the adapter in the model."""
    config = cast(dict[str, LoraConfig], llm.peft_config)[_ADAPTER]
    return LoraSettings(config.r, config.lora_alpha, config.lora_dropout, tuple(sorted(config.target_modules)))  # ty: ignore[invalid-argument-type]


def merge_lora(llm: nn.Module) -> None:
    """Adds the adapter to the weights under it and takes it out, in place."""
    for name, module in list(llm.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()
            parent, _, child = name.rpartition(".")
            setattr(llm.get_submodule(parent), child, module.get_base_layer())
    del llm.peft_config


def write_adapter(directory: Path, tensors: dict[str, Tensor], settings: LoraSettings, base: str) -> None:
    """Writes an adapter directory.

    Args:
        directory: Is made.
        tensors: The model's state, or more; those of the adapter are taken.
        settings: Of the adapter.
        base: Name of the base model, for the reader.
    """
    directory.mkdir(parents=True)
    config = {
        "base_model_name_or_path": base,
        "bias": "none",
        "inference_mode": True,
        "lora_alpha": settings.alpha,
        "lora_dropout": settings.dropout,
        "peft_type": "LORA",
        "r": settings.rank,
        "target_modules": sorted(settings.targets),
        "task_type": "CAUSAL_LM",
    }
    (directory / ADAPTER_CONFIG_FILE).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    adapter = {_stored_name(name): tensor for name, tensor in tensors.items() if LORA_MARK in name}
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in adapter.items()}
    save_file(stored, directory / ADAPTER_WEIGHTS_FILE, metadata={"format": "pt"})


def read_adapter_settings(directory: Path) -> LoraSettings:
    """Settings of a stored adapter.

    Raises:
        CheckpointError: It is none that vLLM serves.
    """
    check_adapter(directory)
    config = json.loads((directory / ADAPTER_CONFIG_FILE).read_text(encoding="utf-8"))
    targets = tuple(sorted(config["target_modules"]))
    return LoraSettings(config["r"], config["lora_alpha"], config["lora_dropout"], targets)


def load_adapter(llm: nn.Module, directory: Path, dropout: float) -> None:
    """Puts a stored adapter into the model, in place, to go on with another dropout or the same.

    Raises:
        CheckpointError: It is none that vLLM serves.
        InvalidField: Its tensors are not those of the model's linears.
    """
    add_lora(llm, replace(read_adapter_settings(directory), dropout=dropout))
    expected = {_stored_name(name): tensor for name, tensor in llm.named_parameters() if LORA_MARK in name}
    given = _read(directory / ADAPTER_WEIGHTS_FILE)
    missing, unexpected = sorted(expected.keys() - given.keys()), sorted(given.keys() - expected.keys())
    if missing or unexpected:
        found = f"missing: {missing[:5]}; unexpected: {unexpected[:5]}"
        raise InvalidField(ADAPTER_WEIGHTS_FILE, "A and B of every target", found)
    for name, tensor in expected.items():
        if given[name].shape != tensor.shape:
            raise InvalidField(f"{ADAPTER_WEIGHTS_FILE}.{name}", f"shape {list(tensor.shape)}", list(given[name].shape))
        tensor.data.copy_(given[name])


def _stored_name(name: str) -> str:
    return _PEFT_PREFIX + name.replace(f".{_ADAPTER}.weight", ".weight")


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise InvalidField(path.name, "a safetensors file", error) from error
