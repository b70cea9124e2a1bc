"""The official training pipeline, on a real frame out of mmdet3d's own data set class."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmdet3d.structures.ops import box_np_ops

from perception_service.transforms.build import build_transforms
from waymend.vocabulary import CAMERA_NAMES, OBJECT_CLASSES

REAL_FRAME = Path(__file__).parents[4] / "shared" / "data" / "nuscenes_frame_scene-0061"
pytestmark = pytest.mark.skipif(not REAL_FRAME.is_dir(), reason="the real frame is not here")

RANGE_M = [-54.0, -54.0, -5.0, 54.0, 54.0, 3.0]
META_KEYS = [
    "cam2img", "ori_cam2img", "lidar2cam", "lidar2img", "cam2lidar", "ori_lidar2img", "img_aug_matrix", "box_type_3d",
    "sample_idx", "lidar_path", "img_path", "transformation_3d_flow", "pcd_rotation", "pcd_scale_factor", "pcd_trans",
    "img_aug_matrix", "lidar_aug_matrix",
]  # fmt: skip
TRAIN_PIPELINE: list[dict[str, Any]] = [
    {"type": "BEVLoadMultiViewImageFromFiles", "to_float32": True, "color_type": "color", "backend_args": None},
    {"type": "LoadPointsFromFile", "coord_type": "LIDAR", "load_dim": 5, "use_dim": 5},
    {
        "type": "LoadPointsFromMultiSweeps", "sweeps_num": 9, "load_dim": 5, "use_dim": 5, "pad_empty_sweeps": True,
        "remove_close": True,
    },
    {"type": "LoadAnnotations3D", "with_bbox_3d": True, "with_label_3d": True, "with_attr_label": False},
    {
        "type": "ImageAug3D", "final_dim": [256, 704], "resize_lim": [0.38, 0.55], "bot_pct_lim": [0.0, 0.0],
        "rot_lim": [-5.4, 5.4], "rand_flip": True, "is_train": True,
    },
    {
        "type": "BEVFusionGlobalRotScaleTrans", "scale_ratio_range": [0.9, 1.1],
        "rot_range": [-0.78539816, 0.78539816], "translation_std": 0.5,
    },
    {"type": "BEVFusionRandomFlip3D"},
    {"type": "PointsRangeFilter", "point_cloud_range": RANGE_M},
    {"type": "ObjectRangeFilter", "point_cloud_range": RANGE_M},
    {"type": "ObjectNameFilter", "classes": list(OBJECT_CLASSES)},
    {
        "type": "GridMask", "use_h": True, "use_w": True, "max_epoch": 6, "rotate": 1, "offset": False, "ratio": 0.5,
        "mode": 1, "prob": 0.0, "fixed_prob": True,
    },
    {"type": "PointShuffle"},
    {
        "type": "Pack3DDetInputs",
        "keys": ["points", "img", "gt_bboxes_3d", "gt_labels_3d", "gt_bboxes", "gt_labels"],
        "meta_keys": META_KEYS,
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def data_set() -> Any:
    from mmdet3d.datasets import NuScenesDataset

    return NuScenesDataset(
        data_root=str(REAL_FRAME),
        ann_file=next(REAL_FRAME.glob("*.pkl")).name,
        pipeline=[],
        metainfo={"classes": OBJECT_CLASSES},
        modality={"use_lidar": True, "use_camera": True},
        data_prefix={"pts": "", "sweeps": "", **dict.fromkeys(CAMERA_NAMES, "")},
        use_valid_flag=True,
        box_type_3d="LiDAR",
    )


def _entry(data_set: Any) -> dict[str, Any]:
    return data_set.get_data_info(0) | {"box_type_3d": data_set.box_type_3d, "box_mode_3d": data_set.box_mode_3d}


@pytest.mark.parametrize("seed", range(4))
def test_the_official_pipeline_builds_and_keeps_points_in_their_boxes(data_set, seed):
    np.random.seed(seed)
    packed = build_transforms(TRAIN_PIPELINE)(_entry(data_set))
    assert packed["inputs"]["img"].shape == (6, 3, 256, 704)
    truth = packed["data_samples"].gt_instances_3d
    boxes, points = truth.bboxes_3d.numpy(), packed["inputs"]["points"].numpy()
    assert len(boxes) == len(truth.labels_3d) > 40
    inside = box_np_ops.points_in_rbbox(points[:, :3], boxes[:, :7], origin=(0.5, 0.5, 0)).any(0)
    assert inside.mean() > 0.9


def test_augmented_points_find_their_pixels_by_way_of_both_matrices(data_set):
    """Taken back by `lidar_aug_matrix`, they are the points of the file, which `lidar2img` is made for."""
    np.random.seed(1)
    augmented = build_transforms(TRAIN_PIPELINE[:7])(_entry(data_set))
    plain = build_transforms(TRAIN_PIPELINE[:3])(_entry(data_set))
    back = np.linalg.inv(augmented["lidar_aug_matrix"])
    points = augmented["points"].numpy()[:, :3]
    np.testing.assert_allclose(points @ back[:3, :3].T + back[:3, 3], plain["points"].numpy()[:, :3], atol=1e-3)
    np.testing.assert_array_equal(augmented["lidar2img"], plain["lidar2img"])
