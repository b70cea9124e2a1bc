"""The sparse encoder: shapes, the order of channels, and what it refuses."""

import pytest
import torch

from perception_service.models.bevfusion.build import build_bevfusion  # noqa: F401
from perception_service.models.bevfusion.sparse_encoder import BEVFusionSparseEncoder
from perception_service.ops.sparse import SparseTensor, to_dense
from waymend.errors import InvalidField

SHAPE = (48, 40, 41)


@pytest.fixture
def encoder() -> BEVFusionSparseEncoder:
    torch.manual_seed(0)
    return BEVFusionSparseEncoder(5, SHAPE).eval()


def voxels(count: int, seed: int = 0, batch_size: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    keys = torch.randperm(batch_size * 48 * 40 * 41, generator=generator)[:count]
    cells = torch.stack((keys // (48 * 40 * 41), keys // (40 * 41) % 48, keys // 41 % 40, keys % 41), 1)
    return torch.randn(count, 5, generator=generator), cells


def test_the_map_is_an_eighth_of_the_grid_with_two_heights_per_channel(encoder):
    assert encoder(*voxels(300), 2).shape == (2, 256, 6, 5)


def test_heights_of_one_channel_are_neighbours(encoder):
    features, coordinates = voxels(300)
    sparse = SparseTensor(features, coordinates, SHAPE, 2)
    grid = to_dense(encoder.conv_out(encoder.encoder_layers(encoder.conv_input(sparse))))
    assert grid.shape == (2, 128, 6, 5, 2)
    flat = encoder(features, coordinates, 2)
    for channel, height in ((0, 0), (0, 1), (77, 1)):
        assert torch.equal(flat[:, 2 * channel + height], grid[:, channel, :, :, height])


@pytest.mark.parametrize("training", [False, True])
def test_no_voxels_give_an_empty_map(encoder, training):
    encoder.train(training)
    nothing = encoder(torch.zeros(0, 5), torch.zeros(0, 4, dtype=torch.int64), 1)
    assert nothing.shape == (1, 256, 6, 5)
    assert not nothing.any()


def test_frames_do_not_touch_each_other(encoder):
    features, coordinates = voxels(300)
    first = coordinates[:, 0] == 0
    alone = encoder(features[first], coordinates[first], 1)
    torch.testing.assert_close(encoder(features, coordinates, 2)[:1], alone)


def test_every_weight_gets_a_gradient(encoder):
    encoder.train()
    encoder(*voxels(400), 2).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in encoder.parameters())


def test_synchronised_normalisation_runs_on_a_cpu():
    encoder = BEVFusionSparseEncoder(5, SHAPE, norm_cfg={"type": "SyncBN", "eps": 1e-3, "momentum": 0.01}).eval()
    assert torch.isfinite(encoder(*voxels(100), 2)).all()


def test_unsupported_variants_are_named():
    with pytest.raises(InvalidField, match=r"pts_middle_encoder\.block_type: expected basicblock, given conv_module"):
        BEVFusionSparseEncoder(5, SHAPE, block_type="conv_module")
    with pytest.raises(InvalidField, match=r"pts_middle_encoder\.order"):
        BEVFusionSparseEncoder(5, SHAPE, order=("norm", "act", "conv"))
