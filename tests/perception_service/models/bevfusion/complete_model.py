"""A small model with every official part in it: camera branch, sparse encoder, fusion, trainable head."""

from typing import Any

from perception_service.models.presets import OFFICIAL, preset

RANGE_M = [-12.8, -12.8, -4.1, 12.8, 12.8, 4.1]
VOXEL_SIZE_M = [0.1, 0.1, 0.2]
GRID = [256, 256, 41]


def complete_config() -> dict[str, Any]:
    """The tiny preset's images and widths with the official LiDAR branch and losses, on a map of 32x32 cells."""
    config, official = preset("tiny"), preset(OFFICIAL)["bevfusion"]
    detector = config["bevfusion"]
    config["points"]["range_m"] = list(RANGE_M)
    detector["data_preprocessor"]["voxelize_cfg"] |= {"point_cloud_range": RANGE_M, "voxel_size": VOXEL_SIZE_M}
    detector["pts_voxel_encoder"] = official["pts_voxel_encoder"]
    detector["pts_middle_encoder"] = official["pts_middle_encoder"] | {
        "sparse_shape": GRID,
        "base_channels": 4,
        "output_channels": 8,
        "encoder_channels": [[4, 4, 8], [8, 8, 8], [8, 8, 8], [8, 8]],
    }
    detector["view_transform"] |= {"xbound": [-12.8, 12.8, 0.8], "ybound": [-12.8, 12.8, 0.8]}
    detector["fusion_layer"]["in_channels"] = [detector["view_transform"]["out_channels"], 16]
    head = detector["bbox_head"]
    head |= {"num_proposals": 20, "train_cfg": official["bbox_head"]["train_cfg"]}
    geometry = {"grid_size": GRID, "voxel_size": VOXEL_SIZE_M, "out_size_factor": 8}
    head["train_cfg"] |= {"point_cloud_range": RANGE_M, **geometry}
    head["test_cfg"] |= geometry
    head["bbox_coder"] |= {"pc_range": RANGE_M[:2], "voxel_size": VOXEL_SIZE_M[:2], "out_size_factor": 8}
    return config
