"""Which query learns which object: the one whose centre is nearest."""

from collections.abc import Mapping
from typing import Any

import torch
from mmdet3d.registry import TASK_UTILS
from torch import Tensor

from perception_service.models.bevfusion.assignment import Queries, check_iou_calculator
from perception_service.ops.rotated_iou import boxes_iou_3d


@TASK_UTILS.register_module()
class HeuristicAssigner3D:
    """Gives every object its nearest query, seen from above; a query that two want goes to the nearer one.

    Args:
        dist_thre: Farthest centre, metres. A query from a peak of another class counts as farther by this much.
        iou_calculator: Must name BboxOverlaps3D in LiDAR coordinates.
    """

    def __init__(self, dist_thre: float = 100.0, iou_calculator: Mapping[str, Any] | None = None) -> None:
        check_iou_calculator(iou_calculator or {"type": "BboxOverlaps3D"})
        self.dist_thre = dist_thre

    @torch.no_grad()
    def assign(
        self, queries: Queries, target_boxes_lidar: Tensor, target_labels: Tensor, range_m: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Indices of queries and of their objects, int64 [k] each, and the intersection over union of each pair.

        Args:
            queries: Of one frame.
            target_boxes_lidar: [n, 9], n at least 1.
            target_labels: int64 [n].
            range_m: Has no effect.
        """
        distance_m = torch.cdist(target_boxes_lidar[:, :2], queries.boxes_lidar[:, :2])
        distance_m += self.dist_thre * (target_labels[:, None] != queries.peak_labels)
        nearest_m, nearest = distance_m.nan_to_num(nan=torch.inf).min(1)
        owner: dict[int, int] = {}
        for index in torch.argsort(nearest_m, stable=True).tolist():
            if nearest_m[index] <= self.dist_thre:
                owner.setdefault(int(nearest[index]), index)
        device = target_labels.device
        rows = torch.tensor(list(owner), dtype=torch.int64, device=device)
        columns = torch.tensor(list(owner.values()), dtype=torch.int64, device=device)
        return rows, columns, boxes_iou_3d(queries.boxes_lidar[rows], target_boxes_lidar[columns]).diagonal()
