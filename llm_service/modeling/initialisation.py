"""First weights of the parts that a Llama gains."""

import math

import torch
from torch import nn

from llm_service.modeling.heads import PlanProjector, TrajectoryHead
from llm_service.modeling.special_tokens import NUMBERS_PER_WAYPOINT

_INITIAL_SCALE = 0.5
"""In the units of `TrajectoryHead`."""


def initialise_projectors(projectors: nn.ModuleDict, std: float) -> None:
    """Scene projectors as a Llama's linears; the plan's so that its numbers keep their size through the layers."""
    for projector in projectors.values():
        for module in projector.modules():
            if isinstance(module, nn.Linear):
                of_plan = isinstance(projector, PlanProjector)
                nn.init.normal_(module.weight, std=module.in_features**-0.5 if of_plan else std)
                nn.init.zeros_(module.bias)


def initialise_head(head: TrajectoryHead, offset_std: float = 0.3) -> None:
    """Offsets spread by about a tenth of `offset_std`, a scale of a half, both in the head's units."""
    hidden_size = head.inner.in_features
    with torch.no_grad():
        head.inner.weight.normal_(std=hidden_size**-0.5)
        head.output.weight.normal_(std=offset_std * hidden_size**-0.5)
        head.output.bias.view(-1, NUMBERS_PER_WAYPOINT)[:, 2] = math.log(_INITIAL_SCALE)
