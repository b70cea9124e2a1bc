"""CUDA kernels in Triton for the two operations that dominate on a GPU.

They are taken where `runs_on` says so; everywhere else, and in every backward pass, plain torch does the work. Only the
kernels' own modules import triton, so this package imports without it.
"""

import os
from functools import cache
from importlib.util import find_spec

import torch
from torch import Tensor

SWITCH = "WAYMEND_PERCEPTION_TRITON"
"""Environment variable; 0 keeps to plain torch also where the kernels could run."""

_DTYPES = (torch.float32, torch.float16, torch.bfloat16)


def runs_on(*tensors: Tensor) -> bool:
    """Whether the kernels are to be used for these tensors: on CUDA, of a type that they know, not switched off."""
    return all(tensor.is_cuda and tensor.dtype in _DTYPES for tensor in tensors) and is_available()


@cache
def is_available() -> bool:
    """Whether triton is installed and not switched off; asked once per process."""
    return os.environ.get(SWITCH, "1") != "0" and find_spec("triton") is not None
