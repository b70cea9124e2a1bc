from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from perception_service.transforms.build import build_transforms
from tests.perception_service.small_frame import jpeg_of
from waymend.errors import InvalidField
from waymend.geometry import Pose

LOAD = {"type": "BEVLoadMultiViewImageFromFiles", "to_float32": True, "color_type": "color"}
CAMERA_FROM_LIDAR = Pose.from_yaw(0.3, (1.0, -2.0, 0.5))
INTRINSIC = np.array([[126.0, 0, 80.0], [0, 120.0, 45.0], [0, 0, 1.0]])


@pytest.fixture
def entry(tmp_path: Path) -> dict[str, Any]:
    """Two cameras whose images differ in size; the first is red."""
    images = {}
    for name, shape, colour in (("CAM_FRONT", (90, 160, 3), (250, 10, 30)), ("CAM_BACK", (80, 150, 3), (10, 200, 30))):
        path = tmp_path / f"{name}.jpg"
        path.write_bytes(jpeg_of(np.full(shape, colour, np.uint8)))
        images[name] = {
            "img_path": str(path),
            "cam2img": INTRINSIC.tolist(),
            "lidar2cam": CAMERA_FROM_LIDAR.matrix.tolist(),
        }
    return {"images": images}


def test_images_are_red_green_blue_as_pillow_reads_them(entry):
    result = build_transforms([LOAD])(entry)
    assert [image.dtype for image in result["img"]] == [np.float32] * 2
    pillow = np.asarray(Image.open(entry["images"]["CAM_FRONT"]["img_path"]), np.float32)
    np.testing.assert_array_equal(result["img"][0], pillow)
    assert result["img"][0][..., 0].mean() > 200
    assert result["filename"] == [camera["img_path"] for camera in entry["images"].values()]


def test_smaller_images_are_filled_up_with_black(entry):
    result = build_transforms([LOAD])(entry)
    assert result["img"][1].shape == (90, 160, 3)
    assert (result["img"][1][80:] == 0).all()
    assert (result["img"][1][:, 150:] == 0).all()
    assert result["img"][1][:80, :150, 1].min() > 150
    assert result["ori_shape"] == (90, 160)


def test_matrices_agree_with_the_calibration(entry):
    result = build_transforms([LOAD])(entry)
    intrinsic = np.eye(4)
    intrinsic[:3, :3] = INTRINSIC
    for k in range(2):
        np.testing.assert_allclose(result["cam2img"][k], intrinsic)
        np.testing.assert_allclose(result["ori_cam2img"][k], intrinsic)
        np.testing.assert_allclose(result["lidar2cam"][k], CAMERA_FROM_LIDAR.matrix, atol=1e-6)
        np.testing.assert_allclose(result["cam2lidar"][k], CAMERA_FROM_LIDAR.inverse().matrix, atol=1e-6)
        np.testing.assert_allclose(result["lidar2img"][k], intrinsic @ CAMERA_FROM_LIDAR.matrix, rtol=1e-5, atol=1e-4)


def test_earlier_frames_are_refused():
    with pytest.raises(InvalidField, match="num_ref_frames"):
        build_transforms([LOAD | {"num_ref_frames": 2}])
