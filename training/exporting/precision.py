"""In which precision weights are stored: no coarser than the server computes in, and no wider than they need."""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from llm_service.modeling.weight_files import PART_FILES
from waymend.errors import InvalidField

ServingDtype = Literal["float32", "float16", "bfloat16"]
_DTYPES: dict[str, torch.dtype] = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}


def serving_dtype(name: str, where: Path) -> torch.dtype:
    """The torch dtype of a configuration's `dtype`.

    Raises:
        InvalidField: It is none that the engine computes in.
    """
    if name not in _DTYPES:
        raise InvalidField(f"{where}.dtype", f"one of {', '.join(_DTYPES)}", name)
    return _DTYPES[name]


def halved_where_exact(tensor: Tensor) -> Tensor:
    """A float32 tensor in float16 where every value of it survives that; any other as it is."""
    if tensor.dtype != torch.float32:
        return tensor
    half = tensor.half()
    return half if torch.equal(half.float(), tensor) else tensor


def stored_for(dtype: torch.dtype, name: str, tensor: Tensor) -> Tensor:
    """A weight as it is stored for an engine that computes in `dtype`.

    Rounding here or when the engine loads the weight is the same, so nothing is lost by it. Projectors, trajectory
    head and motion prior are float32 whatever the dtype.
    """
    if name.startswith(tuple(PART_FILES)):
        return halved_where_exact(tensor.float())
    if tensor.dtype == torch.float32 and dtype != torch.float32:
        return tensor.to(dtype)
    return halved_where_exact(tensor)
