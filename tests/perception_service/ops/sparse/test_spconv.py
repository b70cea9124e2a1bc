"""Sparse convolutions by spconv against plain torch, where spconv is installed: `make kernels`.

On a CPU they run in one thread: with more, spconv 2.3.8 sometimes returns wrong rows.
"""

from functools import partial

import pytest
import torch

from perception_service.models.bevfusion.sparse_encoder import BEVFusionSparseEncoder
from perception_service.ops.sparse import SparseConv3d, SparseTensor, SubMConv3d, to_dense
from perception_service.ops.sparse.convolution import SparseConvolution

pytest.importorskip("spconv")

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
SHAPE = (24, 20, 17)


def random_sparse(channels: int, count: int = 300) -> SparseTensor:
    size_x, size_y, size_z = SHAPE
    keys = torch.randperm(2 * size_x * size_y * size_z)[:count]
    cells = (keys // (size_x * size_y * size_z), keys // (size_y * size_z) % size_x, keys // size_z % size_y)
    features = torch.randn(count, channels).to(DEVICE).requires_grad_()
    return SparseTensor(features, torch.stack((*cells, keys % size_z), 1).to(DEVICE), SHAPE, 2)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "make",
    [
        partial(SubMConv3d, 8, 16, 3),
        partial(SparseConv3d, 8, 16, 3, stride=2, padding=(1, 1, 0)),
        partial(SparseConv3d, 8, 16, (1, 1, 3), stride=(1, 1, 2)),
    ],
)
def test_values_cells_and_gradients_are_those_of_plain_torch(make, bias):
    torch.manual_seed(0)
    module = make(bias=bias).to(DEVICE)
    sparse = random_sparse(8)
    outcomes = []
    for module.kernel in ("torch", "spconv"):
        result = to_dense(module(sparse))
        # spconv has no backward pass for a CPU.
        leaves = (sparse.features, *module.parameters()) if DEVICE.type == "cuda" else ()
        outcomes.append((result, *(torch.autograd.grad(result.square().sum(), leaves) if leaves else ())))
    torch.testing.assert_close(*outcomes, rtol=1e-4, atol=1e-3)


def test_the_encoder_gives_the_same_map():
    torch.manual_seed(0)
    encoder = BEVFusionSparseEncoder(5, SHAPE).eval().to(DEVICE)
    sparse = random_sparse(5, count=900)
    maps = []
    for kernel in ("torch", "spconv"):
        for module in encoder.modules():
            if isinstance(module, SparseConvolution):
                module.kernel = kernel
        maps.append(encoder(sparse.features, sparse.coordinates, 2))
    torch.testing.assert_close(*maps, rtol=1e-4, atol=1e-4)


def test_no_cells_give_no_cells():
    module = SubMConv3d(3, 4, 3).to(DEVICE)
    module.kernel = "spconv"
    assert module(random_sparse(3, count=0)).features.shape == (0, 4)


def test_the_state_dict_is_the_same():
    module = SubMConv3d(3, 4, 3).to(DEVICE)
    names = list(module.state_dict())
    module.kernel = "spconv"
    module(random_sparse(3))
    assert list(module.state_dict()) == names
