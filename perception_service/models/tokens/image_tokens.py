"""Tokens of the camera images."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from perception_service.models.tokens.positions import sine_positions_2d
from perception_service.models.tokens.resampler import Resampler
from waymend.vocabulary import CAMERA_NAMES

_ALL_VIEWS = range(len(CAMERA_NAMES))


class ImageTokens(nn.Module):
    """Resamples each camera's features on its own and marks the tokens with their camera.

    Args:
        in_channels: Channels of the image features.
        tokens_per_camera: Tokens per image.
        feature_size: Height and width of the image features.
        hidden_channels, num_heads, out_channels: As in `Resampler`.
    """

    def __init__(
        self,
        in_channels: int,
        tokens_per_camera: int,
        feature_size: Sequence[int],
        hidden_channels: int,
        num_heads: int,
        out_channels: int,
    ) -> None:
        super().__init__()
        self.resampler = Resampler(in_channels, tokens_per_camera, hidden_channels, num_heads, out_channels)
        self.camera_embedding = nn.Parameter(torch.randn(len(CAMERA_NAMES), out_channels) * 0.02)
        self.register_buffer("positions", sine_positions_2d(*feature_size, hidden_channels), persistent=False)

    def forward(self, image_features: Tensor, views: Sequence[int] = _ALL_VIEWS) -> Tensor:
        """Tokens [B, N * tokens_per_camera, out_channels], camera by camera.

        Args:
            image_features: [B, N, C, fH, fW].
            views: The N cameras, as indices into CAMERA_NAMES.
        """
        frames, cameras = image_features.shape[:2]
        tokens = self.resampler(image_features.flatten(0, 1).flatten(2).mT, self.positions)
        marked = tokens.unflatten(0, (frames, cameras)) + self.camera_embedding[list(views), None]
        return marked.flatten(1, 2)
