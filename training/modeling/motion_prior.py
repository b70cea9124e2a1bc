"""A language model gets a motion prior."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from llm_service.modeling.motion_prior import MotionPrior, make_motion_prior
from llm_service.modeling.special_tokens import NUMBERS_PER_WAYPOINT
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from training.motion.settings import STEP_KEY, WEIGHTS_FILE
from waymend.errors import InvalidField


@torch.no_grad()
def add_motion_prior(llm: TrajectoryLlamaForCausalLM, directory: Path) -> None:
    """From here on the model's offsets are the mean of what they were and the prior's.

    Two estimates that err differently have a mean that errs less (Perrone and Cooper, "When networks disagree: Ensemble
    methods for hybrid neural networks", 1993). Both last layers are halved for it, so that training goes on from
    there with a sum.

    Args:
        llm: Without a motion prior.
        directory: As `training motion` wrote it.

    Raises:
        InvalidField: The model has one, or the directory holds none that fits.
    """
    if llm.motion_prior is not None:
        raise InvalidField("motion_prior", "null, as what training starts from has one", directory)
    prior = make_motion_prior(llm.config)  # ty: ignore[invalid-argument-type]
    prior.load_state_dict(_weights(directory, prior, llm.config.step_s))
    for member in prior.members:
        for parameter in member.output.parameters():  # ty: ignore[missing-union-attribute]
            parameter.mul_(0.5)
    head = llm.trajectory_head.output
    for parameter in (head.weight, head.bias):
        parameter.view(llm.config.num_waypoints, NUMBERS_PER_WAYPOINT, -1)[:, :2].mul_(0.5)
    llm.motion_prior = prior.to(head.weight.device)
    llm.config.motion_prior = True


def _weights(directory: Path, prior: MotionPrior, step_s: float) -> dict[str, Tensor]:
    path = directory / WEIGHTS_FILE
    try:
        with safe_open(path, "pt") as tensors:
            found = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118
            found_step = (tensors.metadata() or {}).get(STEP_KEY)
    except (OSError, SafetensorError) as error:
        raise InvalidField("motion_prior", f"a directory with {WEIGHTS_FILE} of `training motion`", error) from None
    if found_step != f"{step_s:g}":
        raise InvalidField("motion_prior", f"waypoints every {step_s:g} s", f"{path}: every {found_step} s")
    shapes, expected = ({name: list(tensor.shape) for name, tensor in of.items()} for of in (found, prior.state_dict()))
    for name in sorted(shapes.keys() | expected.keys()):
        if shapes.get(name) != expected.get(name):
            raise InvalidField("motion_prior", f"{name} of shape {expected.get(name)}", f"{path}: {shapes.get(name)}")
    return found
