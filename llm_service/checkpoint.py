"""A checkpoint's tensors against the model that will load them, before any weight is read."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from waymend.bundle import BundleError

INDEX_FILE = "model.safetensors.index.json"
ADAPTER_DIRECTORY = "adapter"
ADAPTER_CONFIG_FILE = "adapter_config.json"
ADAPTER_WEIGHTS_FILE = "adapter_model.safetensors"
LORA_TARGETS = frozenset({"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"})

Shapes = dict[str, tuple[int, ...]]


class CheckpointError(BundleError):
    """A tensor is missing, unexpected or of another shape; the message names it."""


def check_checkpoint(directory: Path) -> None:
    """Names and shapes of all tensors of an `llm/` directory, and of its LoRA adapter where it has one.

    Raises:
        CheckpointError: The first tensors that do not fit, or a file that cannot be read.
    """
    _compare(_indexed_shapes(directory), _model_shapes(directory), str(directory / INDEX_FILE))
    if (directory / ADAPTER_DIRECTORY).exists():
        check_adapter(directory / ADAPTER_DIRECTORY)


def check_adapter(directory: Path) -> int:
    """Rank of a PEFT LoRA adapter on the Llama's linears, the only kind that vLLM serves.

    Raises:
        CheckpointError: Another kind of adapter, or one with other tensors than A and B of its targets.
    """
    config = _read_json(directory / ADAPTER_CONFIG_FILE)
    targets = set(config.get("target_modules") or ())
    refused = [key for key in ("modules_to_save", "trainable_token_indices", "use_dora") if config.get(key)]
    if config.get("peft_type") != "LORA" or refused or not targets or not targets <= LORA_TARGETS:
        raise CheckpointError(
            f"{directory / ADAPTER_CONFIG_FILE}: expected a LORA adapter on {sorted(LORA_TARGETS)} alone, "
            f"found {config.get('peft_type')} on {sorted(targets)} {' '.join(refused)}".rstrip()
        )
    for name in _file_shapes(directory / ADAPTER_WEIGHTS_FILE):
        module = name.removesuffix(".weight").rsplit(".", 2)
        if len(module) != 3 or module[1] not in targets or module[2] not in {"lora_A", "lora_B"}:
            raise CheckpointError(f"{directory / ADAPTER_WEIGHTS_FILE}: unexpected tensor {name}")
    return int(config["r"])


def _compare(found: Shapes, expected: Shapes, where: str) -> None:
    missing, unexpected = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing or unexpected:
        raise CheckpointError(f"{where}: missing tensors {missing[:5]}, unexpected tensors {unexpected[:5]}")
    for name, shape in expected.items():
        if found[name] != shape:
            raise CheckpointError(f"{where}: {name}: expected shape {list(shape)}, found {list(found[name])}")


def _model_shapes(directory: Path) -> Shapes:
    from llm_service.modeling.configuration import TrajectoryLlamaConfig
    from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM

    config = TrajectoryLlamaConfig.from_pretrained(directory)
    with torch.device("meta"):
        model = TrajectoryLlamaForCausalLM(config)
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if config.tie_word_embeddings:
        shapes.pop("lm_head.weight")
    return shapes


def _indexed_shapes(directory: Path) -> Shapes:
    weight_map: dict[str, str] = _read_json(directory / INDEX_FILE)["weight_map"]
    shapes: Shapes = {}
    for file in sorted({*weight_map.values(), *(path.name for path in directory.glob("*.safetensors"))}):
        for name, shape in _file_shapes(directory / Path(file).name).items():
            if weight_map.get(name) != file:
                raise CheckpointError(f"{directory / file}: {name} is not indexed to this file")
            shapes[name] = shape
    absent = sorted(weight_map.keys() - shapes.keys())
    if absent:
        raise CheckpointError(f"{directory / INDEX_FILE}: indexed but in no file: {absent[:5]}")
    return shapes


def _file_shapes(path: Path) -> Shapes:
    try:
        with safe_open(path, "pt") as tensors:
            return {name: tuple(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from error


def _read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from error
