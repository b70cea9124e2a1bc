import pytest
import torch

from perception_service.ops.bev_pool import plan_splat, splat


def plain_splat(depth, context, cell_of_bin, cells):
    out = torch.zeros(cells, context.shape[1], dtype=context.dtype)
    for pixel in range(depth.shape[0]):
        for bin_index in range(depth.shape[1]):
            cell = int(cell_of_bin[pixel, bin_index])
            if 0 <= cell < cells:
                out[cell] = out[cell] + depth[pixel, bin_index] * context[pixel]
    return out


@pytest.mark.parametrize(("pixels", "bins", "channels", "cells"), [(1, 1, 1, 1), (17, 5, 3, 4), (9, 8, 2, 200)])
def test_the_fused_pool_equals_lift_then_scatter(pixels, bins, channels, cells):
    torch.manual_seed(pixels)
    depth, context = torch.rand(pixels, bins), torch.randn(pixels, channels)
    cell_of_bin = torch.randint(-2, cells + 2, (pixels, bins))
    pooled = splat(depth, context, plan_splat(cell_of_bin, cells))
    torch.testing.assert_close(pooled, plain_splat(depth, context, cell_of_bin, cells))


def test_bins_that_all_miss_the_map_leave_it_empty():
    plan = plan_splat(torch.full((6, 4), -1), 10)
    assert torch.equal(splat(torch.rand(6, 4), torch.rand(6, 3), plan), torch.zeros(10, 3))


def test_gradients_equal_those_of_lift_then_scatter():
    torch.manual_seed(0)
    depth = torch.rand(7, 4, dtype=torch.float64, requires_grad=True)
    context = torch.rand(7, 3, dtype=torch.float64, requires_grad=True)
    cell_of_bin = torch.randint(-1, 5, (7, 4))
    weight = torch.randn(5, 3, dtype=torch.float64)
    fused = torch.autograd.grad((splat(depth, context, plan_splat(cell_of_bin, 5)) * weight).sum(), (depth, context))
    plain = torch.autograd.grad((plain_splat(depth, context, cell_of_bin, 5) * weight).sum(), (depth, context))
    torch.testing.assert_close(fused, plain)


def test_pooling_twice_gives_the_same_bits():
    torch.manual_seed(0)
    plan = plan_splat(torch.randint(0, 50, (2000, 20)), 50)
    depth, context = torch.rand(2000, 20), torch.randn(2000, 8)
    assert torch.equal(splat(depth, context, plan), splat(depth, context, plan))
