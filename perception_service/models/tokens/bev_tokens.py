"""Tokens of the BEV map."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from perception_service.models.tokens.positions import sine_positions_2d
from perception_service.models.tokens.resampler import Resampler


class BevTokens(nn.Module):
    """Pools the BEV map to `pooled_size` cells and resamples it.

    Args:
        in_channels: Channels of the BEV map.
        tokens: Tokens per frame.
        pooled_size: Cells along x and y after pooling.
        hidden_channels, num_heads, out_channels: As in `Resampler`.
    """

    def __init__(
        self,
        in_channels: int,
        tokens: int,
        pooled_size: Sequence[int],
        hidden_channels: int,
        num_heads: int,
        out_channels: int,
    ) -> None:
        super().__init__()
        self.pooled_size = (pooled_size[0], pooled_size[1])
        self.resampler = Resampler(in_channels, tokens, hidden_channels, num_heads, out_channels)
        self.register_buffer("positions", sine_positions_2d(*pooled_size, hidden_channels), persistent=False)

    def forward(self, bev_features: Tensor) -> Tensor:
        """Tokens [B, tokens, out_channels] of a BEV map [B, in_channels, X, Y]."""
        pooled = functional.adaptive_avg_pool2d(bev_features, self.pooled_size)
        return self.resampler(pooled.flatten(2).mT, self.positions)
