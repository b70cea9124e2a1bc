"""Layers that the transformers model and the vLLM model share, name for name."""

import torch
from torch import Tensor, nn

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.special_tokens import NUMBERS_PER_WAYPOINT, PLAN_MODALITY

SMALLEST_SCALE_M = 0.05
LARGEST_SCALE_M = 20.0
PLAN_INNER_SIZE = 512
UNIT_MPS = 0.9


class SceneProjector(nn.Module):
    """Two-layer MLP from a scene modality's width to the model's, [..., width] -> [..., hidden_size], in float32."""

    def __init__(self, width: int, hidden_size: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, dtype=torch.float32)
        self.inner = nn.Linear(width, hidden_size, dtype=torch.float32)
        self.activation = nn.GELU()
        self.output = nn.Linear(hidden_size, hidden_size, dtype=torch.float32)

    def forward(self, embeddings: Tensor) -> Tensor:
        return self.output(self.activation(self.inner(self.norm(embeddings.float()))))


class PlanProjector(nn.Module):
    """Three-layer MLP from the numbers of a plan to the model's width, [..., width] -> [..., hidden_size], in float32.

    The numbers are not normalised: their magnitudes are metres and metres per second, which would be lost, as would
    millimetres in 16 bits.
    """

    def __init__(self, width: int, hidden_size: int) -> None:
        super().__init__()
        inner_size = max(PLAN_INNER_SIZE, hidden_size)
        self.inner = nn.Linear(width, inner_size, dtype=torch.float32)
        self.middle = nn.Linear(inner_size, inner_size, dtype=torch.float32)
        self.activation = nn.GELU()
        self.output = nn.Linear(inner_size, hidden_size, dtype=torch.float32)

    def forward(self, numbers: Tensor) -> Tensor:
        hidden = self.activation(self.inner(numbers.float()))
        return self.output(self.activation(hidden + self.middle(hidden)))


class TrajectoryHead(nn.Module):
    """Hidden state of `<|traj|>` -> [..., T, 3] numbers (dx, dy, log scale), all in float32.

    (dx, dy) is the correction minus the proposal in the ego frame, metres. The scale b of a Laplace distribution,
    common to both coordinates, is exp(log scale) held within [SMALLEST_SCALE_M, LARGEST_SCALE_M]. The layers compute
    both in units of UNIT_MPS times the waypoint's time, since errors grow with the horizon. bfloat16 would step by
    0.25 m at 50 m, so the head stays in float32 whatever the model's dtype.
    """

    def __init__(self, hidden_size: int, num_waypoints: int, step_s: float) -> None:
        super().__init__()
        self.inner = nn.Linear(hidden_size, hidden_size, dtype=torch.float32)
        self.activation = nn.GELU()
        self.output = nn.Linear(hidden_size, NUMBERS_PER_WAYPOINT * num_waypoints, dtype=torch.float32)
        self._step_s = step_s

    def forward(self, hidden: Tensor) -> Tensor:
        numbers = self.output(self.activation(self.inner(hidden.float()))).unflatten(-1, (-1, NUMBERS_PER_WAYPOINT))
        steps = torch.arange(1, numbers.shape[-2] + 1, device=numbers.device, dtype=numbers.dtype)
        unit_m = (UNIT_MPS * self._step_s * steps)[:, None]
        return torch.cat((numbers[..., :2] * unit_m, numbers[..., 2:] + unit_m.log()), -1)


def make_projectors(config: TrajectoryLlamaConfig) -> nn.ModuleDict:
    """One projector per modality of the configuration."""
    return nn.ModuleDict(
        {
            modality: (PlanProjector if modality == PLAN_MODALITY else SceneProjector)(width, config.hidden_size)
            for modality, width in config.modality_widths.items()  # ty: ignore[missing-union-attribute]
        }
    )


def make_trajectory_head(config: TrajectoryLlamaConfig) -> TrajectoryHead:
    """The head for the configuration's number of waypoints."""
    return TrajectoryHead(config.hidden_size, config.num_waypoints, config.step_s)


def split_numbers(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """[..., T, 3] numbers of the head -> offset [..., T, 2] and Laplace scale [..., T], both metres."""
    log_limits = torch.tensor([SMALLEST_SCALE_M, LARGEST_SCALE_M]).log()
    log_scale = numbers[..., 2].clamp(log_limits[0].item(), log_limits[1].item())
    return numbers[..., :2], log_scale.exp()
