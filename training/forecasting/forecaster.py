"""The vector encoder with a head that reads the future off its first token."""

import torch
from torch import Tensor, nn

from llm_service.modeling.heads import TrajectoryHead, split_numbers
from llm_service.modeling.initialisation import initialise_head
from perception_service.models.tokens.vector_encoder import VectorEncoder
from training.forecasting.frames import ForecastBatch
from training.modeling.losses.traj import traj_loss
from waymend.trajectory import Horizon
from waymend.vocabulary import COMMANDS


class MotionForecaster(nn.Module):
    """Foretells the vehicle's own motion from the ego token, which has seen all others, and the route.

    Args:
        encoder: Taught in place.
        width: Of its tokens.
        horizon: Of the forecast.
        seed: Of the head's first weights.
    """

    def __init__(self, encoder: VectorEncoder, width: int, horizon: Horizon, seed: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.norm = nn.LayerNorm(width)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.head = TrajectoryHead(width + len(COMMANDS), horizon.waypoints, horizon.step_s)
            initialise_head(self.head)

    def forward(self, batch: ForecastBatch) -> tuple[Tensor, Tensor]:
        """Offset [B, T, 2] from CTRA in the ego frame and Laplace scale [B, T], metres."""
        tokens, _ = self.encoder(batch.vectors)
        return split_numbers(self.head(torch.cat((self.norm(tokens[:, 0]), batch.command), -1)))

    def loss(self, batch: ForecastBatch) -> tuple[Tensor, Tensor]:
        """What training lowers, and the mean distance to where the vehicle went, metres."""
        offset_m, scale_m = self(batch)
        loss = traj_loss("laplace", offset_m, scale_m, batch.beyond_ctra_m, error_weight=1.0)
        error_m = (offset_m - batch.beyond_ctra_m).detach().norm(dim=-1).mean()
        return loss.total / loss.count, error_m
