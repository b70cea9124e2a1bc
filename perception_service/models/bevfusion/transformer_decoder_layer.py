"""The decoder layer of TransFusion (Bai et al., CVPR 2022), with learned position embeddings."""

from collections.abc import Mapping
from typing import Any

from mmcv.cnn.bricks.transformer import MultiheadAttention
from mmdet.models.layers import DetrTransformerDecoderLayer
from mmdet3d.registry import MODELS
from torch import Tensor, nn


class PositionEncodingLearned(nn.Module):
    """Embeds positions with two 1x1 convolutions."""

    def __init__(self, input_channel: int, num_pos_feats: int) -> None:
        super().__init__()
        self.position_embedding_head = nn.Sequential(
            nn.Conv1d(input_channel, num_pos_feats, 1),
            nn.BatchNorm1d(num_pos_feats),
            nn.ReLU(inplace=True),
            nn.Conv1d(num_pos_feats, num_pos_feats, 1),
        )

    def forward(self, positions: Tensor) -> Tensor:
        """Positions [B, n, input_channel] to embeddings [B, n, num_pos_feats]."""
        return self.position_embedding_head(positions.mT).mT


@MODELS.register_module()
class TransformerDecoderLayer(DetrTransformerDecoderLayer):
    """Self-attention, cross-attention, feed-forward; positions are added to queries, keys AND values."""

    def __init__(self, pos_encoding_cfg: Mapping[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self.self_posembed = PositionEncodingLearned(**pos_encoding_cfg)
        self.cross_posembed = PositionEncodingLearned(**pos_encoding_cfg)

    def forward(  # ty: ignore[incompatible-method-override]
        self, query: Tensor, key: Tensor, query_pos: Tensor, key_pos: Tensor
    ) -> Tensor:
        """Refines queries.

        Args:
            query: [B, Q, C].
            key: [B, K, C].
            query_pos, key_pos: Positions [B, Q, 2] and [B, K, 2], in BEV cells.

        Returns:
            [B, Q, C].
        """
        placed_key = key + self.cross_posembed(key_pos)
        query_embedding = self.self_posembed(query_pos)
        query = self.norms[0](_attend(self.self_attn, query, query + query_embedding, query + query_embedding))
        query = self.norms[1](_attend(self.cross_attn, query, query + query_embedding, placed_key))
        return self.norms[2](self.ffn(query))


def _attend(attention: MultiheadAttention, identity: Tensor, query: Tensor, key_and_value: Tensor) -> Tensor:
    """mmcv's attention with its residual, without computing the attention map that it returns."""
    query, key_and_value = query.transpose(0, 1), key_and_value.transpose(0, 1)
    attended, _ = attention.attn(query, key_and_value, key_and_value, need_weights=False)
    return identity + attention.dropout_layer(attention.proj_drop(attended.transpose(0, 1)))
