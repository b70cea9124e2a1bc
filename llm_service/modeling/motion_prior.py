"""A second, smaller opinion beside the language model's: what a plan, the motion and one scene token tell."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.heads import split_numbers
from llm_service.modeling.plan_features import DEVIATION_SCALE_M, plan_width
from llm_service.modeling.special_tokens import VECTOR_MODALITY
from llm_service.modeling.weight_files import MOTION_PRIOR, read_tensors

_INNER_SIZE = 256
_MEMBERS = 3
"""Of those that read the same."""


class MotionNetwork(nn.Module):
    """Numbers that tell a motion and a plan -> offsets [..., T, 2] in the ego frame, metres, in float32.

    Reads the first `width` numbers. Its last layer begins at zero, which leaves a plan as it is.
    """

    def __init__(self, width: int, num_waypoints: int) -> None:
        super().__init__()
        self.width = width
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
        return DEVIATION_SCALE_M * self.output(self.inner(numbers[..., : self.width].float())).unflatten(-1, (-1, 2))


class MotionPrior(nn.Module):
    """The mean of a few `MotionNetwork`s that were fitted apart.

    Where a scene token is read, half of them read it and half do not: on scenes like those of the training the former
    err less, on others the latter do, and their mean errs less than either on both.

    Args:
        width: Numbers that tell a motion and a plan.
        num_waypoints: Of a plan.
        scene_width: Width of the scene token that is read behind them; 0: none is.
    """

    def __init__(self, width: int, num_waypoints: int, scene_width: int = 0) -> None:
        super().__init__()
        self.scene_width = scene_width
        widths = [width, width + scene_width] if scene_width else [width]
        self.members = nn.ModuleList(MotionNetwork(read, num_waypoints) for read in widths for _ in range(_MEMBERS))

    def forward(self, numbers: Tensor) -> Tensor:
        return torch.stack([member(numbers) for member in self.members]).mean(0)


def make_motion_prior(config: TrajectoryLlamaConfig, sees_scene: bool) -> MotionPrior:
    """One for the configuration's waypoints, which reads plans and, where it sees the scene, a vector token."""
    scene_width = config.modality_widths[VECTOR_MODALITY] if sees_scene else 0  # ty: ignore[not-subscriptable]
    return MotionPrior(plan_width(config.num_waypoints), config.num_waypoints, scene_width)


def corrected(
    numbers: Tensor, prior: MotionPrior | None, plans: Sequence[Tensor], scenes: Sequence[Tensor | None]
) -> tuple[Tensor, Tensor]:
    """Offset [N, T, 2] and scale [N, T], metres, of the head's numbers [N, T, 3].

    Args:
        numbers: At N `<|traj|>` tokens.
        prior: What is added, if anything.
        plans: `plan_features` [1, width] of each.
        scenes: Vector tokens [n, width] of each plan's scene, of which the first has seen all others; None: unknown.

    Raises:
        ValueError: There are more or fewer plans or scenes than a prior needs.
    """
    offset_m, scale_m = split_numbers(numbers)
    if prior is None:
        return offset_m, scale_m
    if not len(plans) == len(scenes) == len(numbers):
        raise ValueError(f"{len(numbers)} `<|traj|>` tokens for {len(plans)} plans in {len(scenes)} scenes")
    told = torch.cat(list(plans)).float()
    if prior.scene_width:
        unknown = told.new_zeros(prior.scene_width)
        first = [unknown if tokens is None else tokens[0].to(told) for tokens in scenes]
        told = torch.cat((told, torch.stack(first)), -1)
    return offset_m + prior(told.to(numbers.device)).to(offset_m.dtype), scale_m


def load_motion_prior(llm_directory: Path) -> MotionPrior | None:
    """The motion prior of a checked `llm/` directory, to compute with; None where the model has none."""
    config = TrajectoryLlamaConfig.from_pretrained(llm_directory, local_files_only=True)
    if not config.motion_prior:
        return None
    prior = make_motion_prior(config, config.motion_prior_sees_scene)
    tensors = read_tensors(llm_directory, MOTION_PRIOR)
    prior.load_state_dict({name.removeprefix(MOTION_PRIOR): tensor for name, tensor in tensors.items()})
    return prior.eval().requires_grad_(False)
