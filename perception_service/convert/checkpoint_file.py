"""Reading an mmengine checkpoint without running anything that it names.

For offline commands; no service reads pickles.
"""

import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import Tensor

from waymend.errors import InvalidField

_WRAPPER_PREFIX = "module."
_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")


class _Ignored:
    """Stands for mmengine's training history, which nothing here needs."""

    def __setstate__(self, state: object) -> None:
        pass


def _nothing(owner: object, name: str) -> None:
    """Stands for `getattr`, by which a training history names its own methods."""


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """The weights of a checkpoint: its `state_dict`, or the file itself where it holds nothing but tensors.

    The file may name tensors, plain values, numpy arrays and mmengine's HistoryBuffer, and nothing else. A prefix that
    DistributedDataParallel put before every name is removed.

    Raises:
        InvalidField: The file cannot be read, names something else, or holds no weights.
    """
    try:
        with torch.serialization.safe_globals(_allowed()):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, UnpicklingError, EOFError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidField(path.name, "a checkpoint of tensors and plain values", _first_line(error)) from None
    state = content.get("state_dict", content) if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not state or not all(map(_is_weight, state.items())):
        raise InvalidField(path.name, "a state_dict of tensors", type(content).__name__)
    wrapped = all(name.startswith(_WRAPPER_PREFIX) for name in state)
    return {name.removeprefix(_WRAPPER_PREFIX) if wrapped else name: tensor for name, tensor in state.items()}


def _is_weight(entry: tuple[object, object]) -> bool:
    name, value = entry
    return isinstance(name, str) and isinstance(value, Tensor)


def _allowed() -> list[Any]:
    multiarray = importlib.import_module("numpy._core.multiarray")
    functions = [
        (getattr(multiarray, name), f"{module}.{name}") for module in _MULTIARRAY for name in ("_reconstruct", "scalar")
    ]
    dtypes = [type(np.dtype(code)) for code in "?bhilqBHILQefd"]
    stand_ins = [(_Ignored, "mmengine.logging.history_buffer.HistoryBuffer"), (_nothing, "builtins.getattr")]
    return [*functions, *dtypes, np.ndarray, np.dtype, *stand_ins]


def _first_line(error: Exception) -> str:
    """What torch could not allow, from among its advice; else the first line."""
    text = str(error).strip()
    found = re.search(r"Unsupported (?:global|class|operand)[^.]*?(?: was| \(|$)", text)
    return found[0].removesuffix(" was") if found else text.partition("\n")[0] or type(error).__name__
