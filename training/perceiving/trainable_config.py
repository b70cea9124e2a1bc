"""What a perception configuration lacks for training."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from perception_service.models.presets import OFFICIAL, preset
from training.recipe.grid import BevGrid


def trainable_config(perception: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with losses for its detection head, and without dropout in the head's decoder.

    Losses without settings of their own get the published model's. Dropout over the whole BEV map takes a CPU longer
    than the attention that it is in. Neither changes a weight's name or shape.
    """
    config = deepcopy(dict(perception))
    head = config["bevfusion"]["bbox_head"]
    if head.get("train_cfg") is None:
        head["train_cfg"] = _losses_on(BevGrid.of(config))
    layer = head["decoder_layer"]
    for attention in ("self_attn_cfg", "cross_attn_cfg"):
        layer[attention] = {**layer[attention], "dropout": 0.0}
    layer["ffn_cfg"] = {**layer["ffn_cfg"], "ffn_drop": 0.0}
    return config


def _losses_on(grid: BevGrid) -> dict[str, Any]:
    voxels = [round(cells * grid.stride) for cells in grid.bev_size]
    return preset(OFFICIAL)["bevfusion"]["bbox_head"]["train_cfg"] | {
        "point_cloud_range": list(grid.point_cloud_range),
        "voxel_size": list(grid.voxel_size),
        "grid_size": [*voxels, 1],
        "out_size_factor": grid.stride,
    }
