"""BEVFusion's loading and augmentation transforms; `perception_service.transforms.build` registers them with mmdet3d.

Names, arguments, result keys and the order of random draws are those of mmdetection3d 1.4.0's `projects/BEVFusion`, so
that its pipelines build unchanged and the same numpy seed gives the same augmentation.
"""

from perception_service.models.mmcv_stand_in import import_mmdet_without_transformers, install_mmcv_stand_in

install_mmcv_stand_in()
import_mmdet_without_transformers()
