"""Sparse convolutions against dense ones on the same grids."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from perception_service.ops.sparse import SparseConv3d, SparseSequential, SparseTensor, SubMConv3d, to_bev, to_dense
from perception_service.ops.sparse.accumulate import accumulate
from perception_service.ops.sparse.convolution import in_spconv_layout
from perception_service.ops.sparse.rulebook import strided_rulebook, submanifold_rulebook
from waymend.errors import InvalidField

triples = st.tuples(*[st.integers(1, 3)] * 3)
seeds = st.integers(0, 2**31 - 1)


def random_sparse(seed: int, shape=(7, 6, 5), batch_size: int = 2, occupied: int = 25, channels: int = 3):
    generator = torch.Generator().manual_seed(seed)
    cells = batch_size * shape[0] * shape[1] * shape[2]
    keys = torch.randperm(cells, generator=generator)[:occupied]
    z, keys = keys % shape[2], keys // shape[2]
    y, keys = keys % shape[1], keys // shape[1]
    coordinates = torch.stack((keys // shape[0], keys % shape[0], y, z), 1)
    features = torch.randn(len(coordinates), channels, generator=generator, dtype=torch.float64)
    return SparseTensor(features, coordinates, shape, batch_size)


def dense_convolution(module, sparse: SparseTensor) -> torch.Tensor:
    weight = module.weight.permute(0, 4, 1, 2, 3)
    return functional.conv3d(to_dense(sparse), weight, module.bias, module.stride, module.padding, module.dilation)


def occupied_mask(sparse: SparseTensor) -> torch.Tensor:
    return to_dense(sparse.with_features(torch.ones(len(sparse.features), 1, dtype=torch.float64))) > 0


@settings(max_examples=40, deadline=None)
@given(
    seed=seeds, kernel=triples, stride=triples, padding=st.tuples(*[st.integers(0, 2)] * 3), occupied=st.integers(0, 60)
)
def test_a_strided_convolution_is_the_dense_one(seed, kernel, stride, padding, occupied):
    torch.manual_seed(seed)
    sparse = random_sparse(seed, occupied=occupied)
    module = SparseConv3d(3, 4, kernel, stride=stride, padding=padding, bias=False).double()
    result = module(sparse)
    expected = dense_convolution(module, sparse)
    assert to_dense(result).shape == expected.shape
    torch.testing.assert_close(to_dense(result), expected)


@settings(max_examples=40, deadline=None)
@given(
    seed=seeds,
    kernel=st.tuples(*[st.sampled_from((1, 3))] * 3),
    dilation=triples,
    occupied=st.integers(0, 210),
    bias=st.booleans(),
)
def test_a_submanifold_convolution_is_the_dense_one_where_cells_are_occupied(seed, kernel, dilation, occupied, bias):
    torch.manual_seed(seed)
    sparse = random_sparse(seed, occupied=occupied)
    padding = tuple(size // 2 * step for size, step in zip(kernel, dilation, strict=True))
    module = SubMConv3d(3, 4, kernel, padding=padding, dilation=dilation, bias=bias).double()
    if bias:
        torch.nn.init.normal_(module.bias)
    result = module(sparse)
    assert torch.equal(result.coordinates, sparse.coordinates)
    torch.testing.assert_close(to_dense(result), dense_convolution(module, sparse) * occupied_mask(sparse))


def test_frames_of_a_batch_do_not_touch_each_other():
    both = random_sparse(4, batch_size=2, occupied=80)
    convolution = SubMConv3d(3, 4, 3).double()
    second = both.coordinates[:, 0] == 1
    alone = both.coordinates[second] * torch.tensor([0, 1, 1, 1])
    expected = convolution(SparseTensor(both.features[second], alone, both.spatial_shape, 1))
    torch.testing.assert_close(convolution(both).features[second], expected.features)


def test_one_cell_in_a_corner_sees_only_the_middle_tap():
    corner = SparseTensor(torch.ones(1, 2), torch.zeros(1, 4, dtype=torch.int64), (4, 4, 4), 1)
    module = SubMConv3d(2, 3, 3, bias=False)
    torch.testing.assert_close(module(corner).features[0], module.weight[:, 1, 1, 1].sum(1))


@pytest.mark.parametrize("make", [SubMConv3d, lambda *shape, **rest: SparseConv3d(*shape, **rest, stride=2)])
@pytest.mark.parametrize("occupied", [1, 12])
def test_gradients_are_right(make, occupied):
    torch.manual_seed(0)
    sparse = random_sparse(5, shape=(4, 4, 3), occupied=occupied)
    module = make(3, 2, 3, padding=1).double()

    def features(values, weight, bias):
        return torch.func.functional_call(
            module, {"weight": weight, "bias": bias}, (sparse.with_features(values),)
        ).features

    arguments = (sparse.features.requires_grad_(), module.weight, module.bias)
    assert torch.autograd.gradcheck(features, arguments)


@settings(max_examples=20, deadline=None)
@given(seed=seeds, stride=triples, padding=st.tuples(*[st.integers(0, 1)] * 3), occupied=st.integers(0, 60))
def test_gradients_are_those_of_the_dense_convolution(seed, stride, padding, occupied):
    torch.manual_seed(seed)
    sparse = random_sparse(seed, occupied=occupied)
    module = SparseConv3d(3, 4, 3, stride=stride, padding=padding, bias=False).double()
    arguments = (sparse.features.requires_grad_(), module.weight)
    gradients = []
    for result in (to_dense(module(sparse)), dense_convolution(module, sparse)):
        pull = torch.sin(torch.arange(result.numel(), dtype=torch.float64)).view_as(result)
        gradients.append(torch.autograd.grad((result * pull).sum(), arguments, allow_unused=True))
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("make", [SubMConv3d, lambda *shape: SparseConv3d(*shape, stride=2, padding=1)])
def test_two_runs_give_the_same_bits_also_where_determinism_is_demanded(make):
    torch.use_deterministic_algorithms(True)
    try:
        outcomes = []
        for _ in range(2):
            torch.manual_seed(1)
            module = make(3, 8, 3)
            sparse = random_sparse(6, occupied=200)
            values = sparse.features.float().requires_grad_()
            result = module(sparse.with_features(values)).features
            result.square().sum().backward()
            outcomes.append((result, values.grad, module.weight.grad))
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.equal(first, second) for first, second in zip(*outcomes, strict=True))


@pytest.mark.parametrize("make", [SubMConv3d, SparseConv3d])
def test_a_cell_that_occurs_twice_is_refused(make):
    sparse = random_sparse(8)
    sparse.coordinates[3] = sparse.coordinates[11]
    with pytest.raises(InvalidField, match="expected every cell once"):
        make(3, 3, 3).double()(sparse)


@pytest.mark.parametrize("make", [SubMConv3d, SparseConv3d])
@pytest.mark.parametrize("beyond", [-1, 5])
def test_a_cell_outside_the_grid_is_refused(make, beyond):
    sparse = random_sparse(8)
    sparse.coordinates[3, 3] = beyond
    with pytest.raises(InvalidField, match="expected cells of a grid"):
        make(3, 3, 3).double()(sparse)


def test_a_kernel_larger_than_the_grid_is_refused():
    with pytest.raises(InvalidField, match="room for a kernel"):
        SparseConv3d(3, 3, (1, 1, 6)).double()(random_sparse(8))


def test_the_neighbour_table_holds_the_same_pairs():
    sparse = random_sparse(9, occupied=90)
    weight = torch.randn(27, 3, 4, dtype=torch.float64)
    geometry = (sparse.coordinates, sparse.spatial_shape, (3, 3, 3))
    for rulebook in (
        submanifold_rulebook(*geometry, (1, 1, 1)),
        strided_rulebook(*geometry, (2, 2, 2), (1, 1, 0), (1, 1, 1)),
    ):
        padded = torch.cat((sparse.features, torch.zeros(1, 3, dtype=torch.float64)))
        summed = torch.einsum("kmi,kio->mo", padded[rulebook.neighbours.long()], weight)
        torch.testing.assert_close(summed, accumulate(sparse.features, weight, rulebook))


def test_a_sequence_runs_dense_modules_on_the_features_where_there_are_any():
    sequence = SparseSequential(SubMConv3d(3, 4, 3), torch.nn.BatchNorm1d(4), torch.nn.ReLU()).double()
    sparse = random_sparse(10)
    convolution, norm, relu = sequence
    expected = relu(norm(convolution(sparse).features))
    assert torch.equal(sequence(sparse).features, expected)
    assert sequence(random_sparse(10, occupied=0)).features.shape == (0, 4)


def test_seen_from_above_heights_lie_side_by_side_within_a_channel():
    sparse = random_sparse(11)
    seen = to_bev(sparse)
    assert seen.shape == (2, 15, 7, 6)
    assert torch.equal(seen.unflatten(1, (3, 5)), to_dense(sparse).permute(0, 1, 4, 2, 3))


def test_autocast_decides_the_precision():
    sparse = random_sparse(12)
    module = SubMConv3d(3, 4, 3)
    features = sparse.with_features(sparse.features.float())
    with torch.autocast("cpu", torch.bfloat16):
        lower = module(features).features
    assert lower.dtype is torch.bfloat16
    torch.testing.assert_close(lower.float(), module(features).features, atol=0.05, rtol=0.05)


def test_convolutions_on_the_same_cells_search_for_neighbours_once():
    sparse = random_sparse(7)
    first = SubMConv3d(3, 3, 3).double()(sparse)
    again = SubMConv3d(3, 3, 3).double()(first)
    assert again.pairs is sparse.pairs
    assert len(sparse.pairs) == 1


@pytest.mark.parametrize("make", [SubMConv3d, SparseConv3d])
def test_weights_load_in_both_layouts(make):
    source = make(5, 6, (3, 3, 1), bias=False)
    for layout in (source.weight, source.weight.permute(1, 2, 3, 4, 0)):
        target = make(5, 6, (3, 3, 1), bias=False)
        target.load_state_dict({"weight": layout.detach().contiguous()})
        assert torch.equal(target.weight, source.weight)


def test_a_weight_of_another_shape_is_refused():
    with pytest.raises(RuntimeError, match="size mismatch"):
        SparseConv3d(5, 6, 3, bias=False).load_state_dict({"weight": torch.zeros(5, 6, 3, 3, 3)})


def test_a_shape_of_both_layouts_is_taken_as_spconvs():
    weight = torch.randn(3, 3, 3, 3, 3)
    assert torch.equal(in_spconv_layout(weight, (3, 3, 3, 3, 3)), weight)


def test_an_even_submanifold_kernel_is_refused():
    with pytest.raises(InvalidField, match="odd kernel_size"):
        SubMConv3d(3, 3, 2)
