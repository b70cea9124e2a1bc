"""A fixed number of tokens from any number of features."""

import torch
from torch import Tensor, nn


class Resampler(nn.Module):
    """Learned queries look at the features once and pass a feed-forward layer.

    One cross-attention layer of the Perceiver resampler (Alayrac et al., "Flamingo", NeurIPS 2022, section 2.1). It
    computes in float32 also under autocast.

    Args:
        in_channels: Width of the features.
        tokens: Number of queries, and so of tokens.
        hidden_channels: Width of the attention.
        num_heads: Attention heads.
        out_channels: Width of the tokens.
    """

    def __init__(self, in_channels: int, tokens: int, hidden_channels: int, num_heads: int, out_channels: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(tokens, hidden_channels) * 0.5)
        self.input_projection = nn.Linear(in_channels, hidden_channels)
        self.input_norm = nn.LayerNorm(hidden_channels)
        self.attention = nn.MultiheadAttention(hidden_channels, num_heads)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(hidden_channels),
            nn.Linear(hidden_channels, 2 * hidden_channels),
            nn.GELU(),
            nn.Linear(2 * hidden_channels, hidden_channels),
        )
        self.output = nn.Sequential(nn.LayerNorm(hidden_channels), nn.Linear(hidden_channels, out_channels))

    def forward(self, features: Tensor, positions: Tensor) -> Tensor:
        """Tokens [B, tokens, out_channels].

        Args:
            features: [B, K, in_channels].
            positions: Embeddings that are added to the attention's keys, broadcast to [B, K, hidden_channels].
        """
        with torch.autocast(features.device.type, enabled=False):
            values = self.input_norm(self.input_projection(features.float()))
            queries = self.queries.expand(len(features), -1, -1)
            attended, _ = self.attention(
                *map(_sequence_first, (queries, values + positions, values)), need_weights=False
            )
            tokens = queries + attended.transpose(0, 1)
            return self.output(tokens + self.feed_forward(tokens))


def _sequence_first(batch: Tensor) -> Tensor:
    """[K, B, C] in memory of its own: projecting a transposed view costs several times as much."""
    return batch.transpose(0, 1).contiguous()
