import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from perception_service.ops.bev_pool import plan_splat, splat


def plain_splat(depth, context, cell_of_bin, cells):
    out = torch.zeros(cells, context.shape[1], dtype=context.dtype)
    for pixel in range(depth.shape[0]):
        for bin_index in range(depth.shape[1]):
            cell = int(cell_of_bin[pixel, bin_index])
            if 0 <= cell < cells:
                out[cell] = out[cell] + depth[pixel, bin_index] * context[pixel]
    return out


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31 - 1),
    pixels=st.integers(0, 20),
    bins=st.integers(1, 6),
    channels=st.integers(1, 5),
    cells=st.integers(1, 60),
)
def test_the_fused_pool_equals_lift_then_scatter(seed, pixels, bins, channels, cells):
    generator = torch.Generator().manual_seed(seed)
    depth = torch.rand(pixels, bins, generator=generator, dtype=torch.float64)
    context = torch.randn(pixels, channels, generator=generator, dtype=torch.float64)
    cell_of_bin = torch.randint(-2, cells + 2, (pixels, bins), generator=generator)
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


def test_gradients_equal_finite_differences():
    torch.manual_seed(0)
    depth = torch.rand(5, 3, dtype=torch.float64, requires_grad=True)
    context = torch.rand(5, 2, dtype=torch.float64, requires_grad=True)
    plan = plan_splat(torch.randint(-1, 4, (5, 3)), 4)
    assert torch.autograd.gradcheck(lambda *values: splat(*values, plan), (depth, context))


def test_pooling_twice_gives_the_same_bits_also_where_determinism_is_demanded():
    torch.manual_seed(0)
    plan = plan_splat(torch.randint(0, 50, (2000, 20)), 50)
    depth, context = torch.rand(2000, 20, requires_grad=True), torch.randn(2000, 8, requires_grad=True)
    torch.use_deterministic_algorithms(True)
    try:
        outcomes = []
        for _ in range(2):
            pooled = splat(depth, context, plan)
            outcomes.append((pooled, *torch.autograd.grad(pooled.square().sum(), (depth, context))))
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.equal(first, second) for first, second in zip(*outcomes, strict=True))
