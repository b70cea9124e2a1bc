"""Random mirroring of a whole frame."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet3d.registry import TRANSFORMS

from perception_service.transforms.lidar_augmentation import compose_lidar_augmentation


@TRANSFORMS.register_module()
class BEVFusionRandomFlip3D(BaseTransform):
    """Mirrors each horizontal axis of the LiDAR frame every second time, noted in `lidar_aug_matrix`.

    `horizontal` negates y, `vertical` negates x. Changes `points` and `gt_bboxes_3d` where they are there.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        horizontal, vertical = bool(np.random.choice([0, 1])), bool(np.random.choice([0, 1]))
        for direction, flipped in (("horizontal", horizontal), ("vertical", vertical)):
            for name in ("points", "gt_bboxes_3d"):
                if flipped and name in results:
                    results[name].flip(direction)
        change = np.diag([-1.0 if vertical else 1.0, -1.0 if horizontal else 1.0, 1.0, 1.0])
        compose_lidar_augmentation(results, change)
        return results
