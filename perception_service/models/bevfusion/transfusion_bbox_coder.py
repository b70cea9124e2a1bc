"""Between boxes in metres and the numbers that TransFusion's head predicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from mmdet3d.registry import TASK_UTILS
from torch import Tensor


@dataclass(frozen=True, slots=True)
class LidarDetections:
    """Detected boxes of one frame, best first, in mmdet3d's box convention.

    Attributes:
        boxes_lidar: float32 [n, 9], LiDAR frame: x, y, z of the BOTTOM centre (m), length, width, height (m), yaw (rad,
            counter-clockwise from x), vx, vy (m/s).
        scores: float32 [n], 0..1.
        labels: int64 [n], indices into `waymend.vocabulary.OBJECT_CLASSES`.
    """

    boxes_lidar: Tensor
    scores: Tensor
    labels: Tensor


def regression(predicted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What one decoder layer predicts of a box, float32 [B, channels, P] each, in the order of a code."""
    return {name: predicted[name].float() for name in ("center", "height", "dim", "rot", "vel")}


@TASK_UTILS.register_module()
class TransFusionBBoxCoder:
    """Centre in BEV cells, height of the centre (m), log extents, sine and cosine of yaw, velocity (m/s).

    Args:
        pc_range: x and y of the grid's low corner, metres.
        out_size_factor: Voxels per BEV cell.
        voxel_size: x and y extents of a voxel, metres.
        post_center_range: Low and high x, y, z that a detection's bottom centre must lie between, metres.
        score_threshold: Score that a detection must exceed.
        code_size: Length of an encoded box; 10 with velocity.
    """

    def __init__(
        self,
        pc_range: Sequence[float],
        out_size_factor: int,
        voxel_size: Sequence[float],
        post_center_range: Sequence[float],
        score_threshold: float = 0.0,
        code_size: int = 10,
    ) -> None:
        self.low_corner_m = tuple(pc_range[:2])
        self.cell_size_m = tuple(out_size_factor * size for size in voxel_size[:2])
        self.post_center_range = tuple(post_center_range)
        self.score_threshold = score_threshold
        self.code_size = code_size

    def encode(self, boxes_lidar: Tensor) -> Tensor:
        """Regression targets [n, 10] of boxes [n, 9] (bottom centre): cell x, y, centre z, log l, w, h, sin, cos, v."""
        cells = (boxes_lidar[:, :2] - boxes_lidar.new_tensor(self.low_corner_m)) / boxes_lidar.new_tensor(
            self.cell_size_m
        )
        centre_z = boxes_lidar[:, 2:3] + boxes_lidar[:, 5:6] / 2
        yaw = boxes_lidar[:, 6:7]
        return torch.cat((cells, centre_z, boxes_lidar[:, 3:6].log(), yaw.sin(), yaw.cos(), boxes_lidar[:, 7:9]), 1)

    def decode(
        self, heatmap: Tensor, rot: Tensor, dim: Tensor, center: Tensor, height: Tensor, vel: Tensor
    ) -> list[LidarDetections]:
        """Detections of each frame, best first.

        Args:
            heatmap: Scores [B, classes, P], 0..1.
            rot: Sine and cosine of yaw [B, 2, P].
            dim: Log length, width, height [B, 3, P].
            center: Centre in BEV cells [B, 2, P].
            height: z of the centre, metres [B, 1, P].
            vel: Velocity, m/s [B, 2, P].
        """
        scores, labels = heatmap.max(1)
        boxes = self.boxes(rot, dim, center, height, vel)
        return [self._filtered(*frame) for frame in zip(boxes, scores, labels, strict=True)]

    def boxes(self, rot: Tensor, dim: Tensor, center: Tensor, height: Tensor, vel: Tensor) -> Tensor:
        """Boxes [B, P, 9] (bottom centre) of all queries; arguments as in `decode`."""
        cell_size, low_corner = center.new_tensor(self.cell_size_m), center.new_tensor(self.low_corner_m)
        position = center * cell_size[:, None] + low_corner[:, None]
        extents = dim.exp()
        yaw = torch.atan2(rot[:, 0:1], rot[:, 1:2])
        return torch.cat((position, height - extents[:, 2:3] / 2, extents, yaw, vel), 1).mT

    def _filtered(self, boxes: Tensor, scores: Tensor, labels: Tensor) -> LidarDetections:
        low, high = boxes.new_tensor(self.post_center_range).view(2, 3)
        kept = ((boxes[:, :3] >= low) & (boxes[:, :3] <= high)).all(1) & (scores > self.score_threshold)
        order = torch.argsort(scores[kept], descending=True, stable=True)
        return LidarDetections(boxes[kept][order], scores[kept][order], labels[kept][order])
