"""A BEVFusion checkpoint of mmdetection3d becomes weights that the service loads."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from perception_service.bundle import CONFIG_FILE, WEIGHTS_FILE
from perception_service.convert.checkpoint_file import read_state_dict
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.weights import save_weights
from perception_service.ops.sparse.convolution import SparseConv3d, SubMConv3d, in_spconv_layout
from waymend.bundle import file_digest
from waymend.errors import InvalidField

REPORT_FILE = "conversion.json"
_PREPROCESSOR = "data_preprocessor."
_OLDER_VIEW_TRANSFORM = "vtransform."
_GEOMETRY_TOLERANCE_M = 1e-3


@dataclass(frozen=True, slots=True)
class ConvertedTensor:
    """What became of one tensor of the checkpoint.

    Attributes:
        name: Its name there, without a wrapper's prefix.
        outcome: Taken as it is; its kernel brought from mmcv's into spconv's layout; or left out, because the service
            prepares images by configuration.
    """

    name: str
    outcome: Literal["taken", "permuted", "left out"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """The report of a conversion, written beside the weights.

    Attributes:
        checkpoint, checkpoint_sha256: Name and hash of the file that was read.
        weights_sha256, config_sha256: Hashes of the files that were written.
        untrained: Parts that the checkpoint does not hold; their weights are random.
        tensors: Every tensor of the checkpoint.
    """

    checkpoint: str
    checkpoint_sha256: str
    weights_sha256: str
    config_sha256: str
    untrained: tuple[str, ...]
    tensors: tuple[ConvertedTensor, ...]


class CheckpointMisfit(InvalidField):
    """Tensors of a checkpoint and its configuration do not fit.

    Attributes:
        problems: One for every tensor that is missing, unexpected or wrong; the message itself is shortened.
    """

    def __init__(self, file_name: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            file_name, "the tensors of its configuration", f"{len(problems)} misfits: {'; '.join(problems)}"
        )


def convert_checkpoint(config: Mapping[str, Any], checkpoint: Path, out: Path, seed: int = 0) -> Conversion:
    """Writes `config.json`, `model.safetensors` and `conversion.json` into `out`, a bundle's `perception`.

    The token makers are no part of mmdetection3d's model: they get fresh weights from `seed` and are to be trained.

    Args:
        config: As `PerceptionConfig.parse` reads it.
        checkpoint: The .pth file.
        out: Directory, made where it does not exist.
        seed: Of the token makers' weights.

    Raises:
        CheckpointMisfit: A tensor is missing, unexpected, of another shape or type, not finite, or of a geometry other
            than the configuration's.
        InvalidField: The checkpoint cannot be read.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = PerceptionModel.from_config(config)
    converted, fitted = _fitted(model, read_state_dict(checkpoint), checkpoint.name)
    model.bevfusion.load_state_dict(fitted)
    out.mkdir(parents=True, exist_ok=True)
    (out / CONFIG_FILE).write_text(json.dumps(config, indent=1) + "\n")
    save_weights(model, out / WEIGHTS_FILE)
    conversion = Conversion(
        checkpoint=checkpoint.name,
        checkpoint_sha256=file_digest(checkpoint),
        weights_sha256=file_digest(out / WEIGHTS_FILE),
        config_sha256=file_digest(out / CONFIG_FILE),
        untrained=tuple(name for name, _ in model.named_children() if name != "bevfusion"),
        tensors=converted,
    )
    (out / REPORT_FILE).write_text(json.dumps(asdict(conversion), indent=1) + "\n")
    return conversion


def _fitted(
    model: PerceptionModel, given: Mapping[str, Tensor], file_name: str
) -> tuple[tuple[ConvertedTensor, ...], dict[str, Tensor]]:
    _check_age(given, file_name)
    expected = model.bevfusion.state_dict()
    kernels = {
        f"{name}.weight"
        for name, part in model.bevfusion.named_modules()
        if isinstance(part, SparseConv3d | SubMConv3d)
    }
    converted: list[ConvertedTensor] = []
    fitted: dict[str, Tensor] = {}
    problems = [f"missing {name}" for name in expected if name not in given]
    for name, tensor in given.items():
        if name.startswith(_PREPROCESSOR):
            converted.append(ConvertedTensor(name, "left out"))
        elif name not in expected:
            problems.append(f"unexpected {name}")
        else:
            shape = tuple(expected[name].shape)
            fitted[name] = in_spconv_layout(tensor, shape) if name in kernels else tensor
            converted.append(ConvertedTensor(name, "taken" if fitted[name] is tensor else "permuted"))
            if problem := _misfit(name, fitted[name], expected[name]):
                problems.append(problem)
    if problems:
        raise CheckpointMisfit(file_name, problems)
    return tuple(converted), fitted


def _check_age(given: Mapping[str, Tensor], file_name: str) -> None:
    """Refuses the project's first form: files converted from MIT's weights have it, and other yaws and extents."""
    if any(name.startswith(_OLDER_VIEW_TRANSFORM) for name in given):
        raise InvalidField(
            file_name, "view_transform.*", "vtransform.*, an older project whose boxes may mean other things"
        )


def _misfit(name: str, given: Tensor, expected: Tensor) -> str | None:
    if given.shape != expected.shape:
        return f"{name} of shape {list(given.shape)} instead of {list(expected.shape)}"
    if given.layout != torch.strided:
        return f"{name} of layout {given.layout} instead of {torch.strided}"
    if _kind(given) != _kind(expected):
        return f"{name} of type {given.dtype} instead of {expected.dtype}"
    if given.is_floating_point() and not torch.isfinite(given).all():
        return f"{name} with NaN or Inf"
    grid = name.startswith("view_transform.") and name.count(".") == 1
    if grid and not torch.allclose(given.double(), expected.double(), atol=_GEOMETRY_TOLERANCE_M):
        return f"{name} of another grid than the configuration's"
    return None


def _kind(tensor: Tensor) -> tuple[bool, bool]:
    return tensor.is_floating_point(), tensor.is_complex()
