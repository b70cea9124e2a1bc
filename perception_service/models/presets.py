"""Built-in configurations, as data: each is a JSON-serialisable dictionary that `PerceptionConfig.parse` reads.

A BEVFusion entry follows mmdet3d's config style and the argument names of `projects/BEVFusion`.
"""

from dataclasses import dataclass
from typing import Any

from perception_service.models.head_preset import head_preset
from perception_service.models.official_preset import OFFICIAL, official_preset
from waymend.errors import InvalidField

_POINT_CLOUD_RANGE_M = [-51.2, -51.2, -5.0, 51.2, 51.2, 3.0]
_VOXEL_SIZE_M = [0.2, 0.2, 8.0]
_PILLARS = [512, 512, 1]
_PILLARS_PER_CELL = 4
_IMAGE_SIZE = [128, 352]
_FEATURE_SIZE = [16, 44]
_TOKEN_WIDTH = 256


@dataclass(frozen=True, slots=True)
class _Widths:
    """Channel counts in which the presets differ; all geometry is shared."""

    image_backbone: int
    image_neck: int
    camera_map: int
    lidar_map: int
    pillar: int
    bev: int
    bev_stages: tuple[int, int]
    bev_neck: int
    query: int
    tokens: int


_WIDTHS = {
    "tiny": _Widths(
        image_backbone=32,
        image_neck=64,
        camera_map=48,
        lidar_map=64,
        pillar=16,
        bev=64,
        bev_stages=(48, 96),
        bev_neck=128,
        query=64,
        tokens=128,
    ),
    "small": _Widths(
        image_backbone=64,
        image_neck=128,
        camera_map=64,
        lidar_map=64,
        pillar=32,
        bev=64,
        bev_stages=(64, 128),
        bev_neck=128,
        query=64,
        tokens=256,
    ),
}
PRESET_NAMES = (*_WIDTHS, OFFICIAL)


def preset(name: str) -> dict[str, Any]:
    """A fresh copy of the configuration called `name`.

    `tiny` and `small` are for a CPU: six 128x352 images, 0.2 m pillars, BEV of 128x128 at 0.8 m.
    `bevfusion_voxel0075` is the published model of mmdetection3d.

    Raises:
        InvalidField: There is no such preset.
    """
    if name == OFFICIAL:
        return official_preset()
    if name not in _WIDTHS:
        raise InvalidField("preset", f"one of {', '.join(PRESET_NAMES)}", name)
    widths = _WIDTHS[name]
    return {
        "preset": name,
        "image": {"size": list(_IMAGE_SIZE), "resized_width": 384},
        "points": {"range_m": list(_POINT_CLOUD_RANGE_M), "close_radius_m": 1.0},
        "agent_score_threshold": 0.3,
        "bevfusion": _bevfusion(widths),
        "tokens": _tokens(widths),
    }


def _bevfusion(widths: _Widths) -> dict[str, Any]:
    return {
        "type": "BEVFusion",
        "data_preprocessor": _data_preprocessor(),
        "img_backbone": {
            "type": "mmdet.ResNet",
            "depth": 18,
            "base_channels": widths.image_backbone,
            "out_indices": [1, 2, 3],
            "norm_cfg": {"type": "BN", "requires_grad": True},
            "norm_eval": False,
            "style": "pytorch",
        },
        "img_neck": {
            "type": "GeneralizedLSSFPN",
            "in_channels": [widths.image_backbone * factor for factor in (2, 4, 8)],
            "out_channels": widths.image_neck,
            "start_level": 0,
            "num_outs": 3,
            "upsample_cfg": {"mode": "bilinear", "align_corners": False},
        },
        "view_transform": _view_transform(widths),
        "pts_middle_encoder": _pillar_encoder(widths),
        "fusion_layer": {
            "type": "ConvFuser",
            "in_channels": [widths.camera_map, widths.lidar_map],
            "out_channels": widths.bev,
        },
        "pts_backbone": {
            "type": "SECOND",
            "in_channels": widths.bev,
            "out_channels": list(widths.bev_stages),
            "layer_nums": [3, 3],
            "layer_strides": [1, 2],
        },
        "pts_neck": {
            "type": "SECONDFPN",
            "in_channels": list(widths.bev_stages),
            "out_channels": [widths.bev_neck // 2] * 2,
            "upsample_strides": [1, 2],
            "use_conv_for_no_stride": True,
        },
        "bbox_head": _bbox_head(widths),
    }


def _data_preprocessor() -> dict[str, Any]:
    return {
        "mean": [123.675, 116.28, 103.53],
        "std": [58.395, 57.12, 57.375],
        "voxelize_cfg": {
            "max_num_points": 20,
            "point_cloud_range": list(_POINT_CLOUD_RANGE_M),
            "voxel_size": list(_VOXEL_SIZE_M),
            "max_voxels": [30000, 40000],
        },
    }


def _view_transform(widths: _Widths) -> dict[str, Any]:
    return {
        "type": "DepthLSSTransform",
        "in_channels": widths.image_neck,
        "out_channels": widths.camera_map,
        "image_size": list(_IMAGE_SIZE),
        "feature_size": list(_FEATURE_SIZE),
        "xbound": [-51.2, 51.2, 0.8],
        "ybound": [-51.2, 51.2, 0.8],
        "zbound": [-10.0, 10.0, 20.0],
        "dbound": [1.0, 60.0, 1.0],
        "downsample": 1,
    }


def _pillar_encoder(widths: _Widths) -> dict[str, Any]:
    return {
        "type": "PillarEncoder",
        "in_channels": 5,
        "feature_scale": [1 / 51.2, 1 / 51.2, 1 / 4.0, 1 / 255.0, 1 / 0.5],
        "pillar_channels": widths.pillar,
        "out_channels": [32, widths.lidar_map],
        "strides": [2, 2],
        "grid_size": list(_PILLARS),
        "voxel_size": list(_VOXEL_SIZE_M),
        "point_cloud_range": list(_POINT_CLOUD_RANGE_M),
    }


def _bbox_head(widths: _Widths) -> dict[str, Any]:
    return head_preset(
        queries=100,
        in_channels=widths.bev_neck,
        width=widths.query,
        attention_heads=4,
        grid=_PILLARS,
        voxels_per_cell=_PILLARS_PER_CELL,
        low_corner_m=_POINT_CLOUD_RANGE_M[:2],
        voxel_size_m=_VOXEL_SIZE_M[:2],
    )


def _tokens(widths: _Widths) -> dict[str, Any]:
    resampler = {"hidden_channels": widths.tokens, "num_heads": 4, "out_channels": _TOKEN_WIDTH}
    return {
        "width": _TOKEN_WIDTH,
        "bev": {"in_channels": widths.bev_neck, "tokens": 64, "pooled_size": [32, 32], **resampler},
        "image": {
            "in_channels": widths.image_neck,
            "tokens_per_camera": 16,
            "feature_size": list(_FEATURE_SIZE),
            **resampler,
        },
        "vector": {
            "agents": 63,
            "polylines": 64,
            "hidden_channels": 128,
            "num_heads": 4,
            "num_layers": 2,
            "out_channels": _TOKEN_WIDTH,
        },
    }
