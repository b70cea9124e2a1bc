"""The published lidar-camera BEVFusion of mmdetection3d 1.4.0 (nuScenes, voxels of 0.075 m), with our token makers."""

from typing import Any

from perception_service.models.head_preset import head_preset

OFFICIAL = "bevfusion_voxel0075"
_RANGE_M = [-54.0, -54.0, -5.0, 54.0, 54.0, 3.0]
_VOXEL_SIZE_M = [0.075, 0.075, 0.2]
_GRID = [1440, 1440, 41]
_VOXELS_PER_CELL = 8
_SPARSE_NORM = {"eps": 0.001, "momentum": 0.01}
_TOKEN_WIDTH = 256


def official_preset() -> dict[str, Any]:
    """A fresh copy of the configuration: six 256x704 images, BEV of 180x180 at 0.6 m."""
    return {
        "preset": OFFICIAL,
        "image": {"size": [256, 704], "resized_width": 768},
        # Close points are removed when sweeps are merged, from the sweeps alone.
        "points": {"range_m": list(_RANGE_M), "close_radius_m": 0.0},
        "agent_score_threshold": 0.3,
        "bevfusion": _bevfusion(),
        "tokens": _tokens(),
    }


def _tokens() -> dict[str, Any]:
    """Makers of the default token budget for maps and images of the official sizes."""
    attention = {"hidden_channels": 256, "num_heads": 8, "out_channels": _TOKEN_WIDTH}
    return {
        "width": _TOKEN_WIDTH,
        "bev": {"in_channels": 512, "tokens": 64, "pooled_size": [45, 45], **attention},
        "image": {"in_channels": 256, "tokens_per_camera": 16, "feature_size": [32, 88], **attention},
        "vector": {
            "agents": 63,
            "polylines": 64,
            "hidden_channels": 256,
            "num_heads": 8,
            "num_layers": 2,
            "out_channels": _TOKEN_WIDTH,
        },
    }


def _bevfusion() -> dict[str, Any]:
    return {
        "type": "BEVFusion",
        "data_preprocessor": {
            "type": "Det3DDataPreprocessor",
            "mean": [123.675, 116.28, 103.53],
            "std": [58.395, 57.12, 57.375],
            "bgr_to_rgb": False,
            "pad_size_divisor": 32,
            "voxelize_cfg": {
                "max_num_points": 10,
                "point_cloud_range": list(_RANGE_M),
                "voxel_size": list(_VOXEL_SIZE_M),
                "max_voxels": [120000, 160000],
                "voxelize_reduce": True,
            },
        },
        "img_backbone": {
            "type": "mmdet.SwinTransformer",
            "embed_dims": 96,
            "depths": [2, 2, 6, 2],
            "num_heads": [3, 6, 12, 24],
            "window_size": 7,
            "mlp_ratio": 4,
            "qkv_bias": True,
            "qk_scale": None,
            "drop_rate": 0.0,
            "attn_drop_rate": 0.0,
            "drop_path_rate": 0.2,
            "patch_norm": True,
            "out_indices": [1, 2, 3],
            "with_cp": False,
            "convert_weights": True,
        },
        "img_neck": {
            "type": "GeneralizedLSSFPN",
            "in_channels": [192, 384, 768],
            "out_channels": 256,
            "start_level": 0,
            "num_outs": 3,
            "norm_cfg": {"type": "BN2d", "requires_grad": True},
            "act_cfg": {"type": "ReLU", "inplace": True},
            "upsample_cfg": {"mode": "bilinear", "align_corners": False},
        },
        "view_transform": {
            "type": "DepthLSSTransform",
            "in_channels": 256,
            "out_channels": 80,
            "image_size": [256, 704],
            "feature_size": [32, 88],
            "xbound": [-54.0, 54.0, 0.3],
            "ybound": [-54.0, 54.0, 0.3],
            "zbound": [-10.0, 10.0, 20.0],
            "dbound": [1.0, 60.0, 0.5],
            "downsample": 2,
        },
        "pts_voxel_encoder": {"type": "HardSimpleVFE", "num_features": 5},
        "pts_middle_encoder": {
            "type": "BEVFusionSparseEncoder",
            "in_channels": 5,
            "sparse_shape": list(_GRID),
            "order": ["conv", "norm", "act"],
            "norm_cfg": {"type": "BN1d", **_SPARSE_NORM},
            "encoder_channels": [[16, 16, 32], [32, 32, 64], [64, 64, 128], [128, 128]],
            "encoder_paddings": [[0, 0, 1], [0, 0, 1], [0, 0, [1, 1, 0]], [0, 0]],
            "block_type": "basicblock",
        },
        "fusion_layer": {"type": "ConvFuser", "in_channels": [80, 256], "out_channels": 256},
        "pts_backbone": {
            "type": "SECOND",
            "in_channels": 256,
            "out_channels": [128, 256],
            "layer_nums": [5, 5],
            "layer_strides": [1, 2],
            "norm_cfg": {"type": "BN", **_SPARSE_NORM},
            "conv_cfg": {"type": "Conv2d", "bias": False},
        },
        "pts_neck": {
            "type": "SECONDFPN",
            "in_channels": [128, 256],
            "out_channels": [256, 256],
            "upsample_strides": [1, 2],
            "norm_cfg": {"type": "BN", **_SPARSE_NORM},
            "upsample_cfg": {"type": "deconv", "bias": False},
            "use_conv_for_no_stride": True,
        },
        "bbox_head": _bbox_head(),
    }


def _bbox_head() -> dict[str, Any]:
    head = head_preset(
        queries=200,
        in_channels=512,
        width=128,
        attention_heads=8,
        grid=_GRID,
        voxels_per_cell=_VOXELS_PER_CELL,
        low_corner_m=_RANGE_M[:2],
        voxel_size_m=_VOXEL_SIZE_M[:2],
    )
    head["test_cfg"] |= {"voxel_size": _VOXEL_SIZE_M[:2], "pc_range": _RANGE_M[:2]}
    return head | {
        "auxiliary": True,
        "train_cfg": _train_cfg(),
        "loss_cls": {
            "type": "mmdet.FocalLoss",
            "use_sigmoid": True,
            "gamma": 2.0,
            "alpha": 0.25,
            "reduction": "mean",
            "loss_weight": 1.0,
        },
        "loss_heatmap": {"type": "mmdet.GaussianFocalLoss", "reduction": "mean", "loss_weight": 1.0},
        "loss_bbox": {"type": "mmdet.L1Loss", "reduction": "mean", "loss_weight": 0.25},
    }


def _train_cfg() -> dict[str, Any]:
    return {
        "dataset": "nuScenes",
        "point_cloud_range": list(_RANGE_M),
        "grid_size": list(_GRID),
        "voxel_size": list(_VOXEL_SIZE_M),
        "out_size_factor": _VOXELS_PER_CELL,
        "gaussian_overlap": 0.1,
        "min_radius": 2,
        "pos_weight": -1,
        "code_weights": [1.0] * 8 + [0.2] * 2,
        "assigner": {
            "type": "HungarianAssigner3D",
            "iou_calculator": {"type": "BboxOverlaps3D", "coordinate": "lidar"},
            "cls_cost": {"type": "mmdet.FocalLossCost", "gamma": 2.0, "alpha": 0.25, "weight": 0.15},
            "reg_cost": {"type": "BBoxBEVL1Cost", "weight": 0.25},
            "iou_cost": {"type": "IoU3DCost", "weight": 0.25},
        },
    }
