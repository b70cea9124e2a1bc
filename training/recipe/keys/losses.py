"""The five terms of the loss."""

from typing import ClassVar, Literal

from training.recipe.keys.section import Section, Weight


class LossKeys(Section):
    """Weights of the terms.

    Attributes:
        lm_loss_weight: Cross entropy of the explanation's tokens.
        traj_loss_weight: Residual of the waypoints.
        align_loss_weight: Image against text.
        bev_text_loss_weight: BEV map against text.
        bev_vector_loss_weight: BEV map against agents and road map.
        traj_loss: Negative log likelihood of a Laplace distribution with the head's scale, or smooth L1.
        traj_error_weight: What the trajectory's term adds of the mean distance from the truth, per metre.
        traj_harm_weight: What the trajectory's term adds for corrections that are worse than their proposals.
    """

    title: ClassVar[str] = "losses"

    lm_loss_weight: Weight = 1.0
    traj_loss_weight: Weight = 1.0
    align_loss_weight: Weight = 0.3
    bev_text_loss_weight: Weight = 0.2
    bev_vector_loss_weight: Weight = 0.2
    traj_loss: Literal["laplace", "smooth_l1"] = "laplace"
    traj_error_weight: Weight = 0.0
    traj_harm_weight: Weight = 0.0
