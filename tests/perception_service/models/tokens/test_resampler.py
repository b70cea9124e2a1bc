import pytest
import torch

from perception_service.models.tokens.bev_tokens import BevTokens
from perception_service.models.tokens.image_tokens import ImageTokens
from perception_service.models.tokens.positions import sine_positions_2d
from perception_service.models.tokens.resampler import Resampler

RESAMPLER = {"hidden_channels": 32, "num_heads": 4, "out_channels": 256}


def test_positions_are_distinct():
    positions = sine_positions_2d(8, 12, 32)
    assert positions.shape == (96, 32)
    assert torch.cdist(positions, positions).fill_diagonal_(1.0).min() > 0.1


@pytest.mark.parametrize("features", [1, 7, 500])
def test_any_number_of_features_gives_the_same_number_of_tokens(features):
    tokens = Resampler(16, tokens=5, **RESAMPLER)(torch.randn(2, features, 16), torch.zeros(features, 32))
    assert tokens.shape == (2, 5, 256)


def test_autocast_does_not_reach_the_attention():
    resampler = Resampler(16, tokens=5, **RESAMPLER)
    features, positions = torch.randn(1, 9, 16) * 1e4, torch.zeros(9, 32)
    with torch.autocast("cpu", torch.bfloat16):
        under_autocast = resampler(features, positions)
    assert under_autocast.dtype == torch.float32
    assert torch.equal(under_autocast, resampler(features, positions))


def test_bev_tokens_see_where_things_are():
    maker = BevTokens(8, tokens=64, pooled_size=(32, 32), **RESAMPLER)
    bev = torch.randn(1, 8, 128, 128)
    tokens = maker(bev)
    assert tokens.shape == (1, 64, 256)
    assert (tokens - maker(bev.flip(3))).abs().max() > 1e-4


def test_image_tokens_come_camera_by_camera():
    maker = ImageTokens(8, tokens_per_camera=16, feature_size=(4, 11), **RESAMPLER)
    features = torch.randn(2, 6, 8, 4, 11)
    tokens = maker(features)
    changed = features.clone()
    changed[:, 3] += 1.0
    differs = (tokens - maker(changed)).abs().amax((0, 2)) > 1e-6
    assert tokens.shape == (2, 96, 256)
    assert differs.nonzero().squeeze(1).tolist() == list(range(48, 64))


def test_the_same_image_gives_different_tokens_in_different_cameras():
    maker = ImageTokens(8, tokens_per_camera=16, feature_size=(4, 11), **RESAMPLER)
    tokens = maker(torch.randn(1, 1, 8, 4, 11).expand(-1, 6, -1, -1, -1)).unflatten(1, (6, 16))
    assert (tokens[:, 0] - tokens[:, 5]).abs().max() > 1e-3
