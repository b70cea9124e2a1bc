"""What a plan and the vehicle's motion tell alone: a second, smaller opinion beside the language model's."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.heads import split_numbers
from llm_service.modeling.plan_features import DEVIATION_SCALE_M, plan_width
from llm_service.modeling.weight_files import MOTION_PRIOR, read_tensors

_INNER_SIZE = 256
_MEMBERS = 3


class MotionNetwork(nn.Module):
    """Numbers that tell a motion and a plan -> offsets [..., T, 2] in the ego frame, metres, in float32.

    It never sees the scene. Its last layer begins at zero, which leaves a plan as it is.
    """

    def __init__(self, width: int, num_waypoints: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs in (width, _INNER_SIZE, _INNER_SIZE):
            layers += [
                nn.Linear(inputs, _INNER_SIZE, dtype=torch.float32),
                nn.LayerNorm(_INNER_SIZE, dtype=torch.float32),
                nn.GELU(),
            ]
        self.inner = nn.Sequential(*layers)
        self.output = nn.Linear(_INNER_SIZE, 2 * num_waypoints, dtype=torch.float32)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, numbers: Tensor) -> Tensor:
        return DEVIATION_SCALE_M * self.output(self.inner(numbers.float())).unflatten(-1, (-1, 2))


class MotionPrior(nn.Module):
    """The mean of a few `MotionNetwork`s that were fitted apart."""

    def __init__(self, width: int, num_waypoints: int) -> None:
        super().__init__()
        self.members = nn.ModuleList(MotionNetwork(width, num_waypoints) for _ in range(_MEMBERS))

    def forward(self, numbers: Tensor) -> Tensor:
        return torch.stack([member(numbers) for member in self.members]).mean(0)


def make_motion_prior(config: TrajectoryLlamaConfig) -> MotionPrior:
    """One that reads `plan_features` for the configuration's number of waypoints."""
    return MotionPrior(plan_width(config.num_waypoints), config.num_waypoints)


def corrected(numbers: Tensor, prior: MotionPrior | None, plans: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """The head's numbers [N, T, 3] and N times `plan_features` [1, width] -> offset [N, T, 2], scale [N, T], metres.

    Raises:
        ValueError: There are more or fewer plans than a prior needs.
    """
    offset_m, scale_m = split_numbers(numbers)
    if prior is None:
        return offset_m, scale_m
    if len(plans) != len(numbers):
        raise ValueError(f"{len(numbers)} `<|traj|>` tokens for {len(plans)} plans")
    return offset_m + prior(torch.cat(list(plans)).to(numbers.device)).to(offset_m.dtype), scale_m


def load_motion_prior(llm_directory: Path) -> MotionPrior | None:
    """The motion prior of a checked `llm/` directory, to compute with; None where the model has none."""
    config = TrajectoryLlamaConfig.from_pretrained(llm_directory, local_files_only=True)
    if not config.motion_prior:
        return None
    prior = make_motion_prior(config)
    tensors = read_tensors(llm_directory, MOTION_PRIOR)
    prior.load_state_dict({name.removeprefix(MOTION_PRIOR): tensor for name, tensor in tensors.items()})
    return prior.eval().requires_grad_(False)
