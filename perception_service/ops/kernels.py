"""Who does the arithmetic of an operation: plain torch, or kernels that want a GPU or another package.

- torch: everywhere, deterministic, the reference for the others.
- triton: the kernels of `perception_service.ops.triton`, on CUDA; deterministic. They add in float32 whatever the type.
- spconv: sparse convolution by the package of that name (`pip install spconv-cu126`, or another CUDA's), on CUDA; with
  several threads on a CPU, spconv 2.3.8 sometimes returns wrong rows.
"""

from importlib.util import find_spec

import torch
from torch import nn

from perception_service.inference_options import PoolKernel, SparseConvKernel
from perception_service.ops.bev_pool import SplatPool
from perception_service.ops.sparse.convolution import SparseConvolution
from waymend.errors import InvalidField


def use_kernels(model: nn.Module, device: torch.device, sparse_conv: SparseConvKernel, pool: PoolKernel) -> None:
    """Sets the kernels of all sparse convolutions and lift-splat pools of a model that runs on `device`.

    Raises:
        InvalidField: A kernel's package is not installed, or it does not run on the device.
    """
    _check_runs("sparse_conv_kernel", sparse_conv, device)
    _check_runs("pool_kernel", pool, device)
    for module in model.modules():
        if isinstance(module, SparseConvolution):
            module.kernel = sparse_conv
        elif isinstance(module, SplatPool):
            module.kernel = pool


def _check_runs(field: str, kernel: str, device: torch.device) -> None:
    if kernel != "torch" and find_spec(kernel) is None:
        raise InvalidField(field, f"{kernel} to be installed, or torch", kernel)
    if kernel != "torch" and device.type != "cuda":
        raise InvalidField(field, f"a kernel for {device}", kernel)
