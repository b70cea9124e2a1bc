"""What the assigners of the detection head share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from waymend.errors import InvalidField


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """What one decoder layer says of one frame.

    Attributes:
        boxes_lidar: Predicted boxes [P, 9].
        logits: [P, classes].
        peak_labels: int64 [P], class of the heat map's peak that a query comes from.
    """

    boxes_lidar: Tensor
    logits: Tensor
    peak_labels: Tensor


def check_iou_calculator(config: Mapping[str, Any]) -> None:
    """Overlaps are computed in torch, without mmcv's operations; a config must name what they are equal to.

    Raises:
        InvalidField: It names something else.
    """
    if config["type"] != "BboxOverlaps3D" or config.get("coordinate", "lidar") != "lidar":
        raise InvalidField("assigner.iou_calculator", "BboxOverlaps3D, coordinate lidar", dict(config))
