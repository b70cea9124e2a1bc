"""Perception weights as safetensors, loaded strictly."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from waymend.errors import InvalidField

_FEW = 8


def save_weights(model: nn.Module, path: Path, parameter_dtype: torch.dtype = torch.float32) -> None:
    """Writes parameters as `parameter_dtype` and buffers (statistics, geometry) as they are."""
    parameters = {name for name, _ in model.named_parameters()}
    tensors = {
        name: (tensor.to(parameter_dtype) if name in parameters else tensor).detach().cpu().contiguous()
        for name, tensor in model.state_dict().items()
    }
    save_file(tensors, path)


def load_weights(model: nn.Module, path: Path) -> None:
    """Fills `model` from a file; tensors are converted to the model's dtypes.

    Raises:
        InvalidField: The file is no safetensors file, or its names, shapes or values do not fit the model.
    """
    try:
        given = load_file(path)
    except SafetensorError as error:
        raise InvalidField(path.name, "a safetensors file", error) from error
    expected = model.state_dict()
    _check_names(path.name, expected, given)
    for name, tensor in given.items():
        if tensor.shape != expected[name].shape:
            raise InvalidField(f"{path.name}.{name}", f"shape {list(expected[name].shape)}", list(tensor.shape))
        if tensor.is_floating_point() != expected[name].is_floating_point():
            raise InvalidField(f"{path.name}.{name}", f"dtype {expected[name].dtype}", tensor.dtype)
        if not torch.isfinite(tensor).all():
            raise InvalidField(f"{path.name}.{name}", "finite numbers", "NaN or Inf")
    model.load_state_dict(given)


def _check_names(file_name: str, expected: dict[str, Tensor], given: dict[str, Tensor]) -> None:
    missing, unexpected = sorted(expected.keys() - given.keys()), sorted(given.keys() - expected.keys())
    if missing or unexpected:
        differences = [
            f"{kind} {', '.join(names[:_FEW])}" + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")
            for kind, names in (("missing:", missing), ("unexpected:", unexpected))
            if names
        ]
        raise InvalidField(file_name, "the tensors of its configuration", "; ".join(differences))
