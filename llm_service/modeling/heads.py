"""Layers that the transformers model and the vLLM model share, name for name."""

import torch
from torch import Tensor, nn

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.special_tokens import NUMBERS_PER_WAYPOINT, PLAN_MODALITY

SMALLEST_SCALE_M = 0.05
LARGEST_SCALE_M = 20.0


class ModalityProjector(nn.Module):
    """Two-layer MLP from a modality's width to the model's, [..., width] -> [..., hidden_size].

    Learned embeddings are layer-normalised first. Plan features are not: their magnitudes are metres and metres per
    second, which a normalisation would remove.
    """

    def __init__(self, width: int, hidden_size: int, normalise: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width) if normalise else nn.Identity()
        self.inner = nn.Linear(width, hidden_size)
        self.activation = nn.GELU()
        self.output = nn.Linear(hidden_size, hidden_size)

    def forward(self, embeddings: Tensor) -> Tensor:
        embeddings = embeddings.to(self.output.weight.dtype)
        return self.output(self.activation(self.inner(self.norm(embeddings))))


class TrajectoryHead(nn.Module):
    """Hidden state of `<|traj|>` -> [..., T, 3] numbers (dx, dy, log scale), all in float32.

    (dx, dy) is the correction minus the proposal in the ego frame, metres. The scale b of a Laplace distribution,
    common to both coordinates, is exp(log scale) held within [SMALLEST_SCALE_M, LARGEST_SCALE_M]. bfloat16 would step
    by 0.25 m at 50 m, so the head stays in float32 whatever the model's dtype.
    """

    def __init__(self, hidden_size: int, num_waypoints: int) -> None:
        super().__init__()
        self.inner = nn.Linear(hidden_size, hidden_size, dtype=torch.float32)
        self.activation = nn.GELU()
        self.output = nn.Linear(hidden_size, NUMBERS_PER_WAYPOINT * num_waypoints, dtype=torch.float32)

    def forward(self, hidden: Tensor) -> Tensor:
        numbers = self.output(self.activation(self.inner(hidden.float())))
        return numbers.unflatten(-1, (-1, NUMBERS_PER_WAYPOINT))


def make_projectors(config: TrajectoryLlamaConfig) -> nn.ModuleDict:
    """One projector per modality of the configuration."""
    return nn.ModuleDict(
        {
            modality: ModalityProjector(width, config.hidden_size, normalise=modality != PLAN_MODALITY)
            for modality, width in config.modality_widths.items()  # ty: ignore[missing-union-attribute]
        }
    )


def make_trajectory_head(config: TrajectoryLlamaConfig) -> TrajectoryHead:
    """The head for the configuration's number of waypoints."""
    return TrajectoryHead(config.hidden_size, config.num_waypoints)


def split_numbers(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """[..., T, 3] numbers of the head -> offset [..., T, 2] and Laplace scale [..., T], both metres."""
    log_limits = torch.tensor([SMALLEST_SCALE_M, LARGEST_SCALE_M]).log()
    log_scale = numbers[..., 2].clamp(log_limits[0].item(), log_limits[1].item())
    return numbers[..., :2], log_scale.exp()
