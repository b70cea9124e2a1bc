"""Tokens of vectors: the ego vehicle's motion and ways, agents, map polylines.

After Gao et al., "VectorNet: Encoding HD Maps and Agent Dynamics from Vectorized Representation", CVPR 2020.
"""

import torch
from torch import Tensor, nn

from perception_service.models.tokens.vector_inputs import (
    AGENT_FEATURES,
    EGO_STATE_FEATURES,
    HISTORY_FEATURES,
    POINTS_PER_POLYLINE,
    POLYLINE_FEATURES,
    VectorInputs,
)
from perception_service.models.tokens.way_features import WAY_FEATURES
from waymend.vocabulary import OBJECT_CLASSES, POLYLINE_KINDS

_SOURCES = ("ego", "agent", "polyline")


class VectorEncoder(nn.Module):
    """Encodes each vector by itself, then lets all of them attend to each other.

    Args:
        agents: Most agents per frame.
        polylines: Most polylines per frame.
        hidden_channels: Width inside.
        num_heads, num_layers: Of the transformer over vectors.
        out_channels: Width of the tokens.
    """

    def __init__(
        self, agents: int, polylines: int, hidden_channels: int, num_heads: int, num_layers: int, out_channels: int
    ) -> None:
        super().__init__()
        self.max_agents = agents
        self.max_polylines = polylines
        self.history_encoder = PointSetEncoder(HISTORY_FEATURES, hidden_channels)
        self.ego_encoder = nn.Sequential(
            _perceptron(hidden_channels + EGO_STATE_FEATURES + WAY_FEATURES, 2 * hidden_channels),
            nn.GELU(),
            nn.Linear(2 * hidden_channels, hidden_channels),
        )
        self.agent_encoder = _perceptron(AGENT_FEATURES, hidden_channels)
        self.polyline_encoder = _perceptron(POINTS_PER_POLYLINE * POLYLINE_FEATURES, hidden_channels)
        self.source_embedding = nn.Embedding(len(_SOURCES), hidden_channels)
        self.class_embedding = nn.Embedding(len(OBJECT_CLASSES), hidden_channels)
        self.kind_embedding = nn.Embedding(len(POLYLINE_KINDS), hidden_channels)
        layer = nn.TransformerEncoderLayer(
            hidden_channels, num_heads, 2 * hidden_channels, dropout=0.0, batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, num_layers, enable_nested_tensor=False)
        self.output = nn.Sequential(nn.LayerNorm(hidden_channels), nn.Linear(hidden_channels, out_channels))

    def forward(self, inputs: VectorInputs) -> tuple[Tensor, Tensor]:
        """Tokens [B, 1 + A + L, out_channels] (ego, agents, polylines) and their mask, True where a token is real."""
        with torch.autocast(inputs.ego_state.device.type, enabled=False):
            ego, agent, polyline = self.source_embedding.weight
            vectors = torch.cat(
                (
                    self._ego(inputs) + ego,
                    self.agent_encoder(inputs.agents) + self.class_embedding(inputs.agent_classes) + agent,
                    self.polyline_encoder(inputs.polylines.flatten(2))
                    + self.kind_embedding(inputs.polyline_kinds)
                    + polyline,
                ),
                1,
            )
            mask = torch.cat((inputs.agent_mask.new_ones(len(vectors), 1), inputs.agent_mask, inputs.polyline_mask), 1)
            return self.output(self.transformer(vectors, src_key_padding_mask=~mask)), mask

    def _ego(self, inputs: VectorInputs) -> Tensor:
        history = self.history_encoder(inputs.history, inputs.history_mask)
        return self.ego_encoder(torch.cat((history, inputs.ego_state, inputs.ways), -1))[:, None]


class PointSetEncoder(nn.Module):
    """One vector per point set: a perceptron per point, the maximum over points, and once more with it as context."""

    def __init__(self, in_channels: int, hidden_channels: int) -> None:
        super().__init__()
        self.hidden_channels = hidden_channels
        self.point = _perceptron(in_channels, hidden_channels)
        self.point_in_context = _perceptron(2 * hidden_channels, hidden_channels)

    def forward(self, points: Tensor, mask: Tensor) -> Tensor:
        """Encodes sets [..., P, in_channels] with `mask` [..., P] to [..., hidden]; an empty set gives zeros."""
        if points.shape[-2] == 0:
            return points.new_zeros((*points.shape[:-2], self.hidden_channels))
        each = self.point(points)
        context = _masked_max(each, mask)[..., None, :].expand_as(each)
        return _masked_max(self.point_in_context(torch.cat((each, context), -1)), mask)


def _masked_max(values: Tensor, mask: Tensor) -> Tensor:
    """Maximum over the second last dimension where `mask` holds; 0 where it holds nowhere."""
    lowest = torch.finfo(values.dtype).min
    highest = values.masked_fill(~mask[..., None], lowest).amax(-2)
    return torch.where(mask.any(-1, keepdim=True), highest, 0.0)


def _perceptron(in_channels: int, hidden_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(in_channels, hidden_channels),
        nn.LayerNorm(hidden_channels),
        nn.GELU(),
        nn.Linear(hidden_channels, hidden_channels),
    )
