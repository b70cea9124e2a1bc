"""BEVFusion (Liu et al., ICRA 2023) for CPU and GPU, registered in mmdet3d's registry.

Class names, constructor arguments and state-dict names are those of mmdetection3d 1.4.0's `projects/BEVFusion`.
"""

from perception_service.models.mmcv_stand_in import import_mmdet_without_transformers, install_mmcv_stand_in

install_mmcv_stand_in()
import_mmdet_without_transformers()
