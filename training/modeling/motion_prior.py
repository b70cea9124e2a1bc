"""A language model gets a motion prior."""

from pathlib import Path

import torch

from llm_service.modeling.motion_prior import make_motion_prior
from llm_service.modeling.special_tokens import NUMBERS_PER_WAYPOINT
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from training.motion.settings import WEIGHTS_FILE
from training.motion.weights import read_fitted, sees_scene
from waymend.errors import InvalidField

_PRIOR_SHARE = 0.75
"""Of the offsets; the head's is the rest."""


@torch.no_grad()
def add_motion_prior(llm: TrajectoryLlamaForCausalLM, directory: Path) -> None:
    """From here on the model's offsets are a weighted mean of what they were and the prior's.

    Two estimates that err differently have a mean that errs less, in which the better one weighs more (Perrone and
    Cooper, "When networks disagree: Ensemble methods for hybrid neural networks", 1993): the prior, which learns from
    more drives. Both last layers are scaled for it, so that training goes on from there with a sum.

    Args:
        llm: Without a motion prior.
        directory: As `training motion` wrote it.

    Raises:
        InvalidField: The model has one, or the directory holds none that fits.
    """
    if llm.motion_prior is not None:
        raise InvalidField("motion_prior", "null, as what training starts from has one", directory)
    path, config = directory / WEIGHTS_FILE, llm.config
    prior = make_motion_prior(config, sees_scene=False)  # ty: ignore[invalid-argument-type]
    if sees := sees_scene(path, prior):
        prior = make_motion_prior(config, sees)  # ty: ignore[invalid-argument-type]
    prior.load_state_dict(read_fitted(path, prior, config.step_s, "motion_prior"))
    for member in prior.members:
        for parameter in member.output.parameters():  # ty: ignore[missing-union-attribute]
            parameter.mul_(_PRIOR_SHARE)
    head = llm.trajectory_head.output
    for parameter in (head.weight, head.bias):
        parameter.view(config.num_waypoints, NUMBERS_PER_WAYPOINT, -1)[:, :2].mul_(1 - _PRIOR_SHARE)
    llm.motion_prior = prior.to(head.weight.device)
    config.motion_prior, config.motion_prior_sees_scene = True, sees
