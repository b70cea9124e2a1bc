"""Fitted networks on disk, with the time step of the waypoints that they were fitted to."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from llm_service.modeling.motion_prior import MotionPrior
from waymend.errors import InvalidField

STEP_KEY = "step_s"
"""Of the files' metadata: seconds between waypoints."""


def save_fitted(networks: nn.Module, path: Path, step_s: float, dtype: torch.dtype = torch.float32) -> None:
    """Writes all weights in a dtype. One entry of metadata: safetensors leaves the order of several to chance."""
    tensors = {name: tensor.to(dtype) for name, tensor in networks.state_dict().items()}
    save_file(tensors, path, metadata={STEP_KEY: f"{step_s:g}"})


def sees_scene(path: Path, blind: MotionPrior) -> bool:
    """Whether a motion prior has more networks than one that reads plans alone; False where the file does not tell."""
    try:
        with safe_open(path, "pt") as tensors:
            return len(list(tensors.keys())) > len(blind.state_dict())
    except (OSError, SafetensorError):
        return False


def read_fitted(path: Path, like: nn.Module, step_s: float, field: str) -> dict[str, Tensor]:
    """Weights that `save_fitted` wrote, in their dtype.

    Args:
        path: The file.
        like: What the weights are for, whose shapes they must have.
        step_s: Seconds between waypoints.
        field: What errors are to name.

    Raises:
        InvalidField: There is no such file, or it is of other networks or another time step.
    """
    try:
        with safe_open(path, "pt") as tensors:
            found = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118
            found_step = (tensors.metadata() or {}).get(STEP_KEY)
    except (OSError, SafetensorError) as error:
        raise InvalidField(field, f"a directory with {path.name}", error) from None
    if found_step != f"{step_s:g}":
        raise InvalidField(field, f"waypoints every {step_s:g} s", f"{path}: every {found_step} s")
    shapes, expected = ({name: list(tensor.shape) for name, tensor in of.items()} for of in (found, like.state_dict()))
    for name in sorted(shapes.keys() | expected.keys()):
        if shapes.get(name) != expected.get(name):
            raise InvalidField(field, f"{name} of shape {expected.get(name)}", f"{path}: {shapes.get(name)}")
    return found
