"""The detection head that all presets share but for its sizes."""

from collections.abc import Sequence
from typing import Any


def head_preset(
    *,
    queries: int,
    in_channels: int,
    width: int,
    attention_heads: int,
    grid: Sequence[int],
    voxels_per_cell: int,
    low_corner_m: Sequence[float],
    voxel_size_m: Sequence[float],
) -> dict[str, Any]:
    """A `TransFusionHead` for inference on nuScenes' ten classes.

    Args:
        queries: Most detections per frame.
        in_channels: Channels of the BEV map.
        width: Of queries and of the shared map.
        attention_heads: Of both attentions.
        grid: Voxels along x, y and z.
        voxels_per_cell: Voxels along one side of a BEV cell.
        low_corner_m: x and y of the grid's low corner.
        voxel_size_m: x and y extents of a voxel.
    """
    attention = {"embed_dims": width, "num_heads": attention_heads, "dropout": 0.1}
    return {
        "type": "TransFusionHead",
        "num_proposals": queries,
        "in_channels": in_channels,
        "hidden_channel": width,
        "num_classes": 10,
        "nms_kernel_size": 3,
        "bn_momentum": 0.1,
        "num_decoder_layers": 1,
        "decoder_layer": {
            "type": "TransformerDecoderLayer",
            "self_attn_cfg": dict(attention),
            "cross_attn_cfg": dict(attention),
            "ffn_cfg": {
                "embed_dims": width,
                "feedforward_channels": 2 * width,
                "num_fcs": 2,
                "ffn_drop": 0.1,
                "act_cfg": {"type": "ReLU", "inplace": True},
            },
            "norm_cfg": {"type": "LN"},
            "pos_encoding_cfg": {"input_channel": 2, "num_pos_feats": width},
        },
        "common_heads": {"center": [2, 2], "height": [1, 2], "dim": [3, 2], "rot": [2, 2], "vel": [2, 2]},
        "bbox_coder": {
            "type": "TransFusionBBoxCoder",
            "pc_range": list(low_corner_m),
            "post_center_range": [-61.2, -61.2, -10.0, 61.2, 61.2, 10.0],
            "score_threshold": 0.0,
            "out_size_factor": voxels_per_cell,
            "voxel_size": list(voxel_size_m),
            "code_size": 10,
        },
        "test_cfg": {
            "dataset": "nuScenes",
            "grid_size": list(grid),
            "out_size_factor": voxels_per_cell,
            "nms_type": None,
        },
    }
