"""Random turn, shift and scale of a whole frame."""

from typing import Any

import numpy as np
from mmdet3d.datasets.transforms import GlobalRotScaleTrans
from mmdet3d.registry import TRANSFORMS

from perception_service.transforms.lidar_augmentation import compose_lidar_augmentation


@TRANSFORMS.register_module()
class BEVFusionGlobalRotScaleTrans(GlobalRotScaleTrans):
    """mmdet3d's transform in the order turn, shift, scale, noted in `lidar_aug_matrix`: p' = s (R p + t).

    Changes `points` and, where there are any, `gt_bboxes_3d` (velocities turn and scale with them). Arguments are those
    of mmdet3d's `GlobalRotScaleTrans`.
    """

    def transform(self, input_dict: dict[str, Any]) -> dict[str, Any]:
        self._rot_bbox_points(input_dict)
        if "pcd_scale_factor" not in input_dict:
            self._random_scale(input_dict)
        self._trans_bbox_points(input_dict)
        self._scale_bbox_points(input_dict)
        input_dict.setdefault("transformation_3d_flow", []).extend(["R", "T", "S"])
        change = np.eye(4)
        change[:3, :3] = np.asarray(input_dict["pcd_rotation"]).T
        change[:3, 3] = input_dict["pcd_trans"]
        change[:3] *= input_dict["pcd_scale_factor"]
        compose_lidar_augmentation(input_dict, change)
        return input_dict
