"""Builds pipelines from configs; importing this module registers every transform that a BEVFusion config names."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmdet3d.datasets import transforms
from mmdet3d.registry import TRANSFORMS
from mmengine.dataset import Compose

from perception_service.transforms import (
    global_rot_scale_trans,
    grid_mask,
    image_aug_3d,
    load_multi_view_images,
    random_flip_3d,
)

REGISTERED_MODULES = (
    transforms,
    global_rot_scale_trans,
    grid_mask,
    image_aug_3d,
    load_multi_view_images,
    random_flip_3d,
)


def build_transforms(pipeline: Sequence[Mapping[str, Any]]) -> Compose:
    """What `pipeline` (mmdet3d style, `type` first) describes: called with an info entry, it gives the results."""
    return Compose([TRANSFORMS.build(dict(transform)) for transform in pipeline])
