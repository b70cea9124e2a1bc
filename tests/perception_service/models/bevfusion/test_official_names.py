"""Modules that the official BEVFusion model shares: same state-dict names and shapes when built from its arguments.

`official_names.json` lists names and shapes of mmdetection3d 1.4.0's lidar-camera nuScenes model.
"""

import json
from pathlib import Path

import pytest
from mmdet3d.registry import MODELS

from perception_service.models.bevfusion import build as _registers_modules  # noqa: F401

OFFICIAL_SHAPES = json.loads((Path(__file__).parent / "official_names.json").read_text())
ATTENTION = {"embed_dims": 128, "num_heads": 8, "dropout": 0.1}
OFFICIAL_ARGUMENTS = {
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
    "fusion_layer": {"type": "ConvFuser", "in_channels": [80, 256], "out_channels": 256},
    "pts_backbone": {
        "type": "SECOND",
        "in_channels": 256,
        "out_channels": [128, 256],
        "layer_nums": [5, 5],
        "layer_strides": [1, 2],
    },
    "pts_neck": {
        "type": "SECONDFPN",
        "in_channels": [128, 256],
        "out_channels": [256, 256],
        "upsample_strides": [1, 2],
        "use_conv_for_no_stride": True,
    },
    "bbox_head": {
        "type": "TransFusionHead",
        "num_proposals": 200,
        "in_channels": 512,
        "hidden_channel": 128,
        "num_classes": 10,
        "decoder_layer": {
            "type": "TransformerDecoderLayer",
            "self_attn_cfg": ATTENTION,
            "cross_attn_cfg": ATTENTION,
            "ffn_cfg": {"embed_dims": 128, "feedforward_channels": 256, "num_fcs": 2, "ffn_drop": 0.1},
            "norm_cfg": {"type": "LN"},
            "pos_encoding_cfg": {"input_channel": 2, "num_pos_feats": 128},
        },
        "common_heads": {"center": [2, 2], "height": [1, 2], "dim": [3, 2], "rot": [2, 2], "vel": [2, 2]},
        "bbox_coder": {
            "type": "TransFusionBBoxCoder",
            "pc_range": [-54.0, -54.0],
            "post_center_range": [-61.2, -61.2, -10.0, 61.2, 61.2, 10.0],
            "score_threshold": 0.0,
            "out_size_factor": 8,
            "voxel_size": [0.075, 0.075],
            "code_size": 10,
        },
        "test_cfg": {"dataset": "nuScenes", "grid_size": [1440, 1440, 41], "out_size_factor": 8, "nms_type": None},
    },
}


@pytest.mark.parametrize("part", OFFICIAL_ARGUMENTS)
def test_names_and_shapes_equal_the_official_ones(part):
    module = MODELS.build(dict(OFFICIAL_ARGUMENTS[part]))
    ours = {f"{part}.{name}": list(tensor.shape) for name, tensor in module.state_dict().items()}
    assert ours == {name: shape for name, shape in OFFICIAL_SHAPES.items() if name.startswith(f"{part}.")}


def test_our_detector_names_its_parts_as_the_official_one_does(tiny_model):
    parts = {name.split(".")[0] for name in tiny_model.bevfusion.state_dict()}
    assert parts == {name.split(".")[0] for name in OFFICIAL_SHAPES} | {"img_backbone", "pts_middle_encoder"}
