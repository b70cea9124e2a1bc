"""The sparse encoder: shapes, the order of channels, and what it refuses."""

import pytest
import torch

from perception_service.models.bevfusion.build import build_bevfusion  # noqa: F401
from perception_service.models.bevfusion.sparse_encoder import BEVFusionSparseEncoder
from perception_service.ops.sparse import SparseTensor, to_dense
from waymend.errors import InvalidField

SHAPE = (48, 40, 41)
OFFICIAL = {
    "encoder_channels": ((16, 16, 32), (32, 32, 64), (64, 64, 128), (128, 128)),
    "encoder_paddings": ((0, 0, 1), (0, 0, 1), (0, 0, (1, 1, 0)), (0, 0)),
    "block_type": "basicblock",
}
"""Of the official nuScenes configuration."""


@pytest.fixture
def encoder() -> BEVFusionSparseEncoder:
    torch.manual_seed(0)
    return BEVFusionSparseEncoder(5, SHAPE, **OFFICIAL).eval()


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
    encoder = BEVFusionSparseEncoder(
        5, SHAPE, **OFFICIAL, norm_cfg={"type": "SyncBN", "eps": 1e-3, "momentum": 0.01}
    ).eval()
    assert torch.isfinite(encoder(*voxels(100), 2)).all()


def test_plain_stages_begin_with_a_halving_but_the_first():
    encoder = BEVFusionSparseEncoder(5, SHAPE).eval()
    strides = [[block[0].stride for block in stage] for stage in encoder.encoder_layers]
    kept, halved = (1, 1, 1), (2, 2, 2)
    assert strides == [[kept]] + [[halved, kept, kept]] * 3
    # x: 48, 24, 12, 5 without padding; y: 40, 20, 10, 5; z: 41, 21, 11, 6, 2.
    assert encoder(*voxels(300), 2).shape == (2, 128 * 2, 5, 5)


def test_a_stem_that_does_not_begin_with_its_convolution_is_one_alone():
    encoder = BEVFusionSparseEncoder(5, SHAPE, **OFFICIAL, order=("norm", "act", "conv"))
    assert len(encoder.conv_input) == 1
    assert len(encoder.conv_out) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("block_type", "bottleneck"),
        ("order", ("conv", "norm")),
        ("return_middle_feats", True),
        ("encoder_paddings", ((0, 0), (0, 0, 1), (0, 0, 1), (0, 0))),
        ("encoder_channels", ((16, 32, 32), (32, 32, 64), (64, 64, 128), (128, 128))),
    ],
)
def test_unsupported_arguments_are_named(field, value):
    with pytest.raises(InvalidField, match=rf"^pts_middle_encoder\.{field}: "):
        BEVFusionSparseEncoder(5, SHAPE, **{**OFFICIAL, field: value})


def test_two_voxels_in_one_cell_are_refused(encoder):
    features, coordinates = voxels(30)
    coordinates[7] = coordinates[20]
    with pytest.raises(InvalidField, match="every cell once"):
        encoder(features, coordinates, 2)


def test_two_runs_give_the_same_bits_forwards_and_backwards(encoder):
    torch.use_deterministic_algorithms(True)
    try:
        outcomes = []
        for _ in range(2):
            encoder.zero_grad()
            result = encoder(*voxels(400), 2)
            result.square().sum().backward()
            outcomes.append([result, *(parameter.grad.clone() for parameter in encoder.parameters())])
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.equal(first, second) for first, second in zip(*outcomes, strict=True))
