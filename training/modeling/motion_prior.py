"""A language model gets a motion prior."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from llm_service.modeling.motion_prior import make_motion_prior
from llm_service.modeling.special_tokens import NUMBERS_PER_WAYPOINT
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from training.motion.train import WEIGHTS_FILE
from waymend.errors import InvalidField

_PRIOR_SHARE = 0.4


@torch.no_grad()
def add_motion_prior(llm: TrajectoryLlamaForCausalLM, directory: Path) -> None:
    """From here on the model's offsets are a mean of what they were (0.6) and the prior's (0.4).

    Two estimates that err differently have a mean that errs less (Perrone and Cooper, "When networks disagree: Ensemble
    methods for hybrid neural networks", 1993). The shares are put into both last layers, so that training goes on from
    there without them.

    Args:
        llm: Without a motion prior.
        directory: As `training motion` wrote it.

    Raises:
        InvalidField: The model has one, or the directory holds none that fits.
    """
    if llm.motion_prior is not None:
        raise InvalidField("motion_prior", "null, as what training starts from has one", directory)
    if not (directory / WEIGHTS_FILE).is_file():
        raise InvalidField("motion_prior", f"a directory with {WEIGHTS_FILE}", directory)
    prior = make_motion_prior(llm.config)  # ty: ignore[invalid-argument-type]
    try:
        prior.load_state_dict(load_file(directory / WEIGHTS_FILE))
    except RuntimeError as error:
        raise InvalidField("motion_prior", "weights for plans as this model reads them", str(error)) from None
    for parameter in prior.output.parameters():
        parameter.mul_(_PRIOR_SHARE)
    head = llm.trajectory_head.output
    for parameter in (head.weight, head.bias):
        parameter.view(llm.config.num_waypoints, NUMBERS_PER_WAYPOINT, -1)[:, :2].mul_(1 - _PRIOR_SHARE)
    llm.motion_prior = prior.to(head.weight.device)
    llm.config.motion_prior = True
