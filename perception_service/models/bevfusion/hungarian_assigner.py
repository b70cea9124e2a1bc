"""Which query learns which object: the assignment of least cost (Carion et al., "DETR", ECCV 2020, section 3.1)."""

from collections.abc import Mapping
from typing import Any

import torch
from mmdet3d.registry import TASK_UTILS
from mmengine.structures import InstanceData
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from perception_service.models.bevfusion.assignment import Queries, check_iou_calculator
from perception_service.ops.rotated_iou import boxes_iou_3d

Config = Mapping[str, Any]


@TASK_UTILS.register_module()
class BBoxBEVL1Cost:
    """L1 distance of centres, in shares of the point cloud range."""

    def __init__(self, weight: float) -> None:
        self.weight = weight

    def __call__(self, boxes_lidar: Tensor, target_boxes_lidar: Tensor, point_cloud_range: Tensor) -> Tensor:
        """Costs [P, n] of boxes [P, 9] and target boxes [n, 9]; the range is low and high x, y, z, metres."""
        low, high = point_cloud_range[:2], point_cloud_range[3:5]
        shares, target_shares = ((boxes[:, :2] - low) / (high - low) for boxes in (boxes_lidar, target_boxes_lidar))
        return torch.cdist(shares, target_shares, p=1) * self.weight


@TASK_UTILS.register_module()
class IoU3DCost:
    """The more two boxes overlap, the less it costs."""

    def __init__(self, weight: float) -> None:
        self.weight = weight

    def __call__(self, iou: Tensor) -> Tensor:
        """Costs of intersections over union, of the same shape."""
        return -iou * self.weight


@TASK_UTILS.register_module()
class HungarianAssigner3D:
    """Assigns every object to one query.

    Args:
        cls_cost: Config of mmdet's FocalLossCost.
        reg_cost: Config of BBoxBEVL1Cost.
        iou_cost: Config of IoU3DCost.
        iou_calculator: Must name BboxOverlaps3D in LiDAR coordinates.
    """

    def __init__(self, cls_cost: Config, reg_cost: Config, iou_cost: Config, iou_calculator: Config) -> None:
        check_iou_calculator(iou_calculator)
        self.cls_cost = TASK_UTILS.build(dict(cls_cost))
        self.reg_cost = TASK_UTILS.build(dict(reg_cost))
        self.iou_cost = TASK_UTILS.build(dict(iou_cost))

    @torch.no_grad()
    def assign(
        self, queries: Queries, target_boxes_lidar: Tensor, target_labels: Tensor, range_m: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Indices of queries and of their objects, int64 [k] each, and the intersection over union of each pair.

        Args:
            queries: Of one frame.
            target_boxes_lidar: [n, 9].
            target_labels: int64 [n].
            range_m: Low and high x, y, z of the point cloud, metres [6].
        """
        iou = boxes_iou_3d(queries.boxes_lidar, target_boxes_lidar)
        cost = (
            self.cls_cost(InstanceData(scores=queries.logits), InstanceData(labels=target_labels))
            + self.reg_cost(queries.boxes_lidar, target_boxes_lidar, range_m)
            + self.iou_cost(iou)
        )
        pairs = linear_sum_assignment(torch.nan_to_num(cost, nan=1e6, posinf=1e6, neginf=-1e6).cpu().numpy())
        rows, columns = (torch.as_tensor(indices, device=cost.device) for indices in pairs)
        return rows, columns, iou[rows, columns]
