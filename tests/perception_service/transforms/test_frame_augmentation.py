"""Turning, shifting, scaling and mirroring of points and boxes."""

from typing import Any

import numpy as np
import pytest
import torch
from mmdet3d.structures import LiDARInstance3DBoxes, LiDARPoints

from perception_service.transforms.build import build_transforms

TURN = {
    "type": "BEVFusionGlobalRotScaleTrans",
    "scale_ratio_range": [0.9, 1.1],
    "rot_range": [-0.78539816, 0.78539816],
    "translation_std": 0.5,
}
FLIP = {"type": "BEVFusionRandomFlip3D"}
POINTS = np.random.default_rng(0).uniform((-50, -50, -4, 0, 0), (50, 50, 2, 255, 0.5), (500, 5)).astype(np.float32)
BOXES = np.array([[10, 5, -1, 4.5, 1.9, 1.6, 0.3, 6.0, 1.0], [-20, 8, -0.5, 10, 2.5, 3, -2.0, 0.0, -4.0]], np.float32)


def _frame() -> dict[str, Any]:
    return {
        "points": LiDARPoints(torch.from_numpy(POINTS.copy()), points_dim=5),
        "gt_bboxes_3d": LiDARInstance3DBoxes(torch.from_numpy(BOXES.copy()), box_dim=9),
    }


def _moved(matrix: np.ndarray, positions: np.ndarray) -> np.ndarray:
    return positions @ matrix[:3, :3].T + matrix[:3, 3]


def _sorted_corners(boxes: LiDARInstance3DBoxes) -> np.ndarray:
    return np.sort(boxes.corners.numpy().reshape(-1, 24), axis=1)


@pytest.mark.parametrize("pipeline", [[TURN], [FLIP], [TURN, FLIP], [FLIP, TURN]], ids=str)
@pytest.mark.parametrize("seed", range(6))
def test_the_matrix_moves_points_and_boxes_as_they_were_moved(pipeline, seed):
    np.random.seed(seed)
    before, after = _frame(), build_transforms(pipeline)(_frame())
    matrix = after["lidar_aug_matrix"]
    points = after["points"].numpy()
    np.testing.assert_allclose(points[:, :3], _moved(matrix, POINTS[:, :3]), atol=1e-4)
    np.testing.assert_array_equal(points[:, 3:], POINTS[:, 3:])
    corners = _moved(matrix, before["gt_bboxes_3d"].corners.numpy()).reshape(-1, 24)
    np.testing.assert_allclose(_sorted_corners(after["gt_bboxes_3d"]), np.sort(corners, axis=1), atol=1e-4)
    velocities = np.pad(BOXES[:, 7:9], ((0, 0), (0, 1))) @ matrix[:3, :3].T
    np.testing.assert_allclose(after["gt_bboxes_3d"].tensor[:, 7:9], velocities[:, :2], atol=1e-4)


def test_the_shift_is_scaled_as_well():
    pipeline = [TURN | {"scale_ratio_range": [2.0, 2.0], "rot_range": [0.0, 0.0]}]
    np.random.seed(1)
    result = build_transforms(pipeline)(_frame())
    np.testing.assert_allclose(result["lidar_aug_matrix"][:3, 3], 2 * result["pcd_trans"])
    assert result["transformation_3d_flow"] == ["R", "T", "S"]


def test_the_same_mirroring_twice_changes_nothing():
    flip = build_transforms([FLIP])
    matrices = []
    for seed in range(12):
        np.random.seed(seed)
        once = flip(_frame())
        matrices.append(once["lidar_aug_matrix"].copy())
        np.random.seed(seed)
        twice = flip(once)
        np.testing.assert_allclose(twice["lidar_aug_matrix"], np.eye(4))
        np.testing.assert_array_equal(twice["points"].numpy(), POINTS)
        np.testing.assert_allclose(
            _sorted_corners(twice["gt_bboxes_3d"]), _sorted_corners(_frame()["gt_bboxes_3d"]), atol=1e-4
        )
    assert len({tuple(np.diag(matrix)) for matrix in matrices}) == 4


def test_a_frame_without_boxes_is_augmented_too():
    np.random.seed(0)
    frame = _frame()
    del frame["gt_bboxes_3d"]
    result = build_transforms([TURN, FLIP])(frame)
    np.testing.assert_allclose(
        result["points"].numpy()[:, :3], _moved(result["lidar_aug_matrix"], POINTS[:, :3]), atol=1e-4
    )
