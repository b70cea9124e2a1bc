"""The CUDA kernels against plain torch.

The comparisons run on a CUDA device, or on a CPU under Triton's interpreter: `make kernels`.
"""

import os
from importlib.util import find_spec

import pytest
import torch

from perception_service.ops.bev_pool import SplatPlan, plan_splat, splat, weighted_bags
from perception_service.ops.sparse import SparseConv3d, SparseTensor, SubMConv3d
from perception_service.ops.sparse.accumulate import accumulate
from perception_service.ops.sparse.rulebook import Rulebook, strided_rulebook, submanifold_rulebook

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
DEVICE = "cpu" if INTERPRETED else "cuda"
TOLERANCES = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}
MULTIPLIED = [dtype for dtype in TOLERANCES if not (INTERPRETED and dtype is torch.bfloat16)]
"""The interpreter's `tl.dot` takes bfloat16 for integers."""

needs_kernels = pytest.mark.skipif(
    find_spec("triton") is None or not (INTERPRETED or torch.cuda.is_available()),
    reason="needs triton, and a CUDA device or TRITON_INTERPRET=1",
)


def random_cells(count: int, batch_size: int = 2, shape: tuple[int, int, int] = (9, 8, 7)) -> torch.Tensor:
    size_x, size_y, size_z = shape
    keys = torch.randperm(batch_size * size_x * size_y * size_z)[:count].to(DEVICE)
    cells = (keys // (size_x * size_y * size_z), keys // (size_y * size_z) % size_x, keys // size_z % size_y)
    return torch.stack((*cells, keys % size_z), 1)


def rulebook_of(kind: str, count: int) -> Rulebook:
    cells = random_cells(count)
    if kind == "submanifold":
        return submanifold_rulebook(cells, (9, 8, 7), (3, 3, 3), (1, 1, 1))
    return strided_rulebook(cells, (9, 8, 7), (3, 3, 3), (2, 2, 2), (1, 1, 0), (1, 1, 1))


def random_splat(pixels: int, channels: int, cells: int) -> tuple[torch.Tensor, torch.Tensor, SplatPlan]:
    plan = plan_splat(torch.randint(-2, cells + 2, (pixels, 7)).to(DEVICE), cells)
    return torch.rand(pixels, 7, device=DEVICE), torch.randn(pixels, channels, device=DEVICE), plan


@pytest.mark.cuda
@needs_kernels
@pytest.mark.parametrize("dtype", MULTIPLIED)
@pytest.mark.parametrize("kind", ["submanifold", "strided"])
@pytest.mark.parametrize(("count", "channels", "out_channels"), [(1, 5, 16), (200, 16, 16), (130, 48, 80), (0, 16, 8)])
def test_the_gather_gemm_equals_the_sum_over_taps(kind, count, channels, out_channels, dtype):
    from perception_service.ops.triton.gather_gemm import gather_gemm

    torch.manual_seed(count)
    rulebook = rulebook_of(kind, count)
    features = torch.randn(count, channels).to(DEVICE, dtype)
    taps = (torch.randn(27, channels, out_channels) / 27).to(DEVICE, dtype)
    result = gather_gemm(features, taps, rulebook.neighbours)
    expected = accumulate(features.double(), taps.double(), rulebook)
    assert result.dtype is dtype
    torch.testing.assert_close(result.double(), expected, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])


@pytest.mark.cuda
@needs_kernels
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("pixels", "channels", "cells"), [(1, 1, 1), (60, 80, 40), (300, 130, 5), (0, 4, 3)])
def test_the_pooling_kernel_equals_the_weighted_bags(pixels, channels, cells, dtype):
    from perception_service.ops.triton.pool_cells import pool_cells

    torch.manual_seed(pixels)
    depth, context, plan = random_splat(pixels, channels, cells)
    depth, context = depth.to(dtype), context.to(dtype)
    result = pool_cells(depth, context, plan.bins, plan.pixels, plan.offsets)
    expected = weighted_bags(depth.double(), context.double(), plan)
    assert result.dtype is dtype
    torch.testing.assert_close(result.double(), expected, rtol=TOLERANCES[dtype], atol=10 * TOLERANCES[dtype])


@pytest.mark.cuda
@needs_kernels
@pytest.mark.parametrize("make", [SubMConv3d, lambda *shape: SparseConv3d(*shape, stride=2, padding=1)])
def test_a_convolution_has_the_same_values_and_gradients_with_and_without_the_kernel(make):
    torch.manual_seed(0)
    module = make(16, 32, 3).to(DEVICE)
    features = torch.randn(200, 16, device=DEVICE, requires_grad=True)
    sparse = SparseTensor(features, random_cells(200), (9, 8, 7), 2)
    outcomes = []
    for module.kernel in ("triton", "triton", "torch"):
        result = module(sparse).features
        outcomes.append((result, *torch.autograd.grad(result.square().sum(), (features, module.weight))))
    assert all(map(torch.equal, outcomes[0], outcomes[1]))
    torch.testing.assert_close(outcomes[0], outcomes[2], rtol=1e-3, atol=1e-3)


@pytest.mark.cuda
@needs_kernels
def test_a_splat_has_the_same_values_and_gradients_with_and_without_the_kernel():
    torch.manual_seed(0)
    depth, context, plan = random_splat(60, 80, 40)
    arguments = (depth.requires_grad_(), context.requires_grad_())
    outcomes = []
    for kernel in ("triton", "triton", "torch"):
        pooled = splat(*arguments, plan, kernel)
        outcomes.append((pooled, *torch.autograd.grad(pooled.square().sum(), arguments)))
    assert all(map(torch.equal, outcomes[0], outcomes[1]))
    torch.testing.assert_close(outcomes[0], outcomes[2], rtol=1e-3, atol=1e-3)
