"""A served frame reaches the network as mmdet3d's test pipeline for BEVFusion would bring it there."""

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perception_service.convert.mmdet3d_info import frame_from_info
from perception_service.convert.plain_pickle import read_plain_pickle
from perception_service.limits import FrameLimits
from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.config import PerceptionConfig
from perception_service.models.presets import preset
from perception_service.preprocessing import bevfusion_inputs
from perception_service.transforms.build import build_transforms
from perception_service.wire.decode import decode_frame
from waymend.vocabulary import CAMERA_NAMES

REAL_FRAME = Path(__file__).parents[4] / "shared" / "data" / "nuscenes_frame_scene-0061"
pytestmark = pytest.mark.skipif(not REAL_FRAME.is_dir(), reason="the real frame is not here")

RANGE_M = [-54.0, -54.0, -5.0, 54.0, 54.0, 3.0]
TEST_PIPELINE = [
    {"type": "BEVLoadMultiViewImageFromFiles", "to_float32": True, "color_type": "color"},
    {"type": "LoadPointsFromFile", "coord_type": "LIDAR", "load_dim": 5, "use_dim": 5},
    {
        "type": "LoadPointsFromMultiSweeps",
        "sweeps_num": 9,
        "load_dim": 5,
        "use_dim": 5,
        "pad_empty_sweeps": True,
        "remove_close": True,
    },
    {
        "type": "ImageAug3D",
        "final_dim": [256, 704],
        "resize_lim": [0.48, 0.48],
        "bot_pct_lim": [0.0, 0.0],
        "rot_lim": [0.0, 0.0],
        "rand_flip": False,
        "is_train": False,
    },
    {"type": "PointsRangeFilter", "point_cloud_range": RANGE_M},
]
PACK = {
    "type": "Pack3DDetInputs",
    "keys": ["img", "points", "gt_bboxes_3d", "gt_labels_3d"],
    "meta_keys": ["cam2img", "ori_cam2img", "lidar2cam", "lidar2img", "cam2lidar", "img_aug_matrix", "img_path"],
}


def _official_size() -> PerceptionConfig:
    """Images before normalisation; close points are dropped where sweeps are merged."""
    config = PerceptionConfig.parse(preset("tiny"))
    return replace(
        config,
        image=replace(config.image, size=(256, 704), resized_width=768, mean=(0.0,) * 3, std=(1.0,) * 3),
        points=replace(config.points, range_m=tuple(RANGE_M), close_radius_m=0.0),
    )


@pytest.fixture(scope="module")
def entry() -> dict[str, Any]:
    """The entry of the info file with whole paths, its cameras in the service's order."""
    entry = read_plain_pickle(next(REAL_FRAME.glob("*.pkl")))["data_list"][0]
    images = {name: entry["images"][name] for name in CAMERA_NAMES}
    for image in images.values():
        image["img_path"] = str(REAL_FRAME / image["img_path"])
    lidar_points = entry["lidar_points"] | {"lidar_path": str(REAL_FRAME / entry["lidar_points"]["lidar_path"])}
    return entry | {"images": images, "lidar_points": lidar_points}


@pytest.fixture(scope="module")
def official(entry: dict[str, Any]) -> dict[str, Any]:
    return build_transforms(TEST_PIPELINE)(deepcopy(entry))


@pytest.fixture(scope="module")
def served() -> BevFusionInputs:
    frame = frame_from_info(next(REAL_FRAME.glob("*.pkl")), REAL_FRAME, sweeps=10)
    with ThreadPoolExecutor(2) as threads:
        scene = decode_frame(frame.message(), FrameLimits(), threads)
        return bevfusion_inputs(scene, _official_size(), threads)


def test_points_are_equal(official, served):
    expected = official["points"].numpy()
    assert len(expected) > 200_000
    np.testing.assert_array_equal(served.points_lidar[0].numpy(), expected)


def test_images_are_equal_before_normalisation(official, served):
    expected = np.stack(official["img"]).transpose(0, 3, 1, 2)
    assert expected.shape == (6, 3, 256, 704)
    np.testing.assert_allclose(served.images[0].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("image_from_lidar", "lidar2img"),
        ("intrinsic", "cam2img"),
        ("lidar_from_camera", "cam2lidar"),
        ("image_augmentation", "img_aug_matrix"),
    ],
)
def test_matrices_are_equal(official, served, field, key):
    given, expected = getattr(served, field)[0].numpy(), np.stack(official[key])
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-5)


def test_a_lidar_point_projects_to_the_same_pixel(official, served):
    points = official["points"].numpy()[:2000, :3]
    for camera in range(len(CAMERA_NAMES)):
        pixels = []
        for projection, augmentation in (
            (official["lidar2img"][camera], official["img_aug_matrix"][camera]),
            (served.image_from_lidar[0, camera].numpy(), served.image_augmentation[0, camera].numpy()),
        ):
            homogeneous = points @ projection[:3, :3].T + projection[:3, 3]
            homogeneous[:, :2] /= homogeneous[:, 2:]
            pixels.append((homogeneous @ augmentation[:3, :3].T + augmentation[:3, 3])[homogeneous[:, 2] > 1])
        np.testing.assert_allclose(pixels[0], pixels[1], atol=0.01)


def test_the_results_pack_as_mmdet3d_packs_them(entry, served):
    packed = build_transforms([*TEST_PIPELINE, PACK])(deepcopy(entry))
    np.testing.assert_allclose(packed["inputs"]["img"].numpy(), served.images[0].numpy(), atol=1e-5)
    np.testing.assert_array_equal(packed["inputs"]["points"].numpy(), served.points_lidar[0].numpy())
    assert set(packed["data_samples"].metainfo) == {*PACK["meta_keys"]}
