"""The perception model with the heads that only training needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from perception_service.models.bevfusion.transfusion_head import HeadOutputs
from perception_service.models.perception_model import PerceptionModel
from training.perceiving.frames import BEV_LABELS
from training.perceiving.image_labels import IMAGE_LABELS
from training.perceiving.label_losses import label_loss, velocity_loss
from training.perceiving.trainable_config import trainable_config
from training.perceiving.training_batch import TrainingBatch

TERMS = ("heatmap", "class", "box", "bev", "image", "velocity")
"""Terms of the loss, in the order in which they are logged."""
_WEIGHTS = {"heatmap": 1.0, "class": 1.0, "box": 1.0, "bev": 1.0, "image": 1.0, "velocity": 0.1}
_VELOCITY_CHANNELS = 2


@dataclass(frozen=True, slots=True, eq=False)
class LearnerOutputs:
    """What the learner makes of a batch.

    Attributes:
        head: Predictions of the detection head.
        bev: Logits [B, 5, X, Y], in the order of `BEV_LABELS`.
        velocity_mps: [B, 2, X, Y], LiDAR frame.
        image: Logits [B * N, 3, fH, fW], in the order of `IMAGE_LABELS`.
    """

    head: HeadOutputs
    bev: Tensor
    velocity_mps: Tensor
    image: Tensor


class PerceptionLearner(nn.Module):
    """Reads labels off the two maps that become tokens, each with one 1x1 convolution.

    Args:
        perception: Configuration of the model, as `PerceptionConfig.parse` reads it.
        seed: Of the first weights.

    Attributes:
        model: What training is for.
    """

    def __init__(self, perception: Mapping[str, Any], seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.model = PerceptionModel.from_config(trainable_config(perception))
            tokens = perception["tokens"]
            self.bev_head = nn.Conv2d(tokens["bev"]["in_channels"], len(BEV_LABELS) + _VELOCITY_CHANNELS, 1)
            self.image_head = nn.Conv2d(tokens["image"]["in_channels"], len(IMAGE_LABELS), 1)
        self.model.bevfusion.to(memory_format=torch.channels_last)  # ty: ignore[no-matching-overload]

    def trained_parameters(self) -> list[nn.Parameter]:
        """BEVFusion's and the heads'; the token makers train with the language model."""
        parts = (self.model.bevfusion, self.bev_head, self.image_head)
        return [parameter for part in parts for parameter in part.parameters()]

    def forward(self, batch: TrainingBatch) -> LearnerOutputs:
        """Predictions for a batch."""
        bevfusion = self.model.bevfusion
        image_features, bev_features = bevfusion.features(batch.inputs)
        bev, velocity_mps = self.bev_head(bev_features).split((len(BEV_LABELS), _VELOCITY_CHANNELS), 1)
        image = self.image_head(image_features.flatten(0, 1))
        return LearnerOutputs(bevfusion.bbox_head(bev_features), bev, velocity_mps, image)

    def losses(self, outputs: LearnerOutputs, batch: TrainingBatch) -> dict[str, Tensor]:
        """The terms of `TERMS`, without weights."""
        detection = self.model.bevfusion.bbox_head.loss(outputs.head, batch.boxes)
        return {
            "heatmap": detection["loss_heatmap"],
            "class": _summed(detection, "loss_cls"),
            "box": _summed(detection, "loss_bbox"),
            "bev": label_loss(outputs.bev, batch.bev),
            "image": label_loss(outputs.image, batch.image),
            "velocity": velocity_loss(outputs.velocity_mps, batch.velocity_mps),
        }


def weighted_sum(terms: Mapping[str, Tensor]) -> Tensor:
    """The loss that training lowers."""
    return torch.stack([_WEIGHTS[name] * term for name, term in terms.items()]).sum()


def _summed(losses: Mapping[str, Tensor], ending: str) -> Tensor:
    """Over the decoder layers that are trained."""
    return torch.stack([loss for name, loss in losses.items() if name.endswith(ending)]).sum()
