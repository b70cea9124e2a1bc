"""Camera images: calibration checked, JPEG files decoded in full."""

import io
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perception_service.limits import FrameLimits
from perception_service.scene import CameraView
from perception_service.wire.values import checked_timestamp, decoded_pose, name_of
from waymend.errors import InvalidField
from waymend.perception.v1 import frame_pb2
from waymend.vocabulary import CAMERA_NAMES

_START_OF_SCAN = b"\xff\xda"
_END_OF_IMAGE = b"\xff\xd9"
_MOST_SCANS = 100
"""A progressive JPEG has about ten; thousands of empty ones would keep a decoder busy for minutes."""
_SMALLEST_DETERMINANT = 1e-3
"""Of a pinhole matrix, square pixels: focal lengths below 0.03 pixels are no camera."""


def decode_cameras(
    cameras: Sequence[frame_pb2.CameraImage], limits: FrameLimits, decoders: Executor, field: str
) -> tuple[CameraView, ...]:
    """The views in the order of `CAMERA_NAMES`; the images are decoded in parallel.

    Raises:
        InvalidField: Too few cameras, one of them twice, a broken calibration, or a file that is no
            complete legal JPEG.
    """
    ordered = _in_order(cameras, limits.min_cameras, field)
    return tuple(decoders.map(partial(_decode_camera, limits=limits, field=field), ordered))


def _in_order(cameras: Sequence[frame_pb2.CameraImage], min_cameras: int, field: str) -> list[frame_pb2.CameraImage]:
    by_name = {name_of(camera.name, CAMERA_NAMES, f"{field}.{i}.name"): camera for i, camera in enumerate(cameras)}
    if len(by_name) < len(cameras):
        raise InvalidField(field, "at most one camera of each name", f"{len(cameras)} cameras, {len(by_name)} names")
    if len(by_name) < min_cameras:
        missing = ", ".join(name for name in CAMERA_NAMES if name not in by_name)
        raise InvalidField(field, f"{min_cameras} cameras", f"{len(cameras)} cameras, without {missing}")
    return [by_name[name] for name in CAMERA_NAMES if name in by_name]


def _decode_camera(camera: frame_pb2.CameraImage, limits: FrameLimits, field: str) -> CameraView:
    name = CAMERA_NAMES[camera.name - 1]
    path = f"{field}.{name}"
    return CameraView(
        name=name,
        timestamp_us=checked_timestamp(camera.timestamp_us, f"{path}.timestamp_us"),
        intrinsic=_intrinsic(camera.intrinsic, f"{path}.intrinsic"),
        ego_from_camera=decoded_pose(camera.ego_from_camera, f"{path}.ego_from_camera"),
        image_rgb=_decode_jpeg(camera, limits, path),
    )


def _intrinsic(values: Sequence[float], field: str) -> NDArray[np.float64]:
    if len(values) != 9:
        raise InvalidField(field, "nine values, row-major", f"{len(values)} values")
    matrix = np.array(values, np.float64).reshape(3, 3)
    if not np.isfinite(matrix).all():
        raise InvalidField(field, "finite values", matrix.tolist())
    determinant = np.linalg.det(matrix)
    if matrix[0, 0] <= 0 or matrix[1, 1] <= 0 or not abs(determinant) > _SMALLEST_DETERMINANT:
        raise InvalidField(field, "an invertible pinhole matrix with positive focal lengths", matrix.tolist())
    if not np.allclose(matrix[2], (0.0, 0.0, 1.0), atol=1e-9):
        raise InvalidField(field, "a pinhole matrix whose last row is 0, 0, 1", matrix[2].tolist())
    return matrix


def _decode_jpeg(camera: frame_pb2.CameraImage, limits: FrameLimits, path: str) -> NDArray[np.uint8]:
    field = f"{path}.jpeg"
    if len(camera.jpeg) > limits.jpeg_bytes:
        raise InvalidField(field, f"at most {limits.jpeg_bytes} bytes", f"{len(camera.jpeg)} bytes")
    image = _open_jpeg(camera.jpeg, field)
    _check_size(image, camera, limits, path)
    try:
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidField(field, "a complete JPEG file", str(error)) from None
    return np.array(image.convert("RGB"))


def _open_jpeg(jpeg: bytes, field: str) -> Image.Image:
    """Reads the header only."""
    try:
        image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InvalidField(field, "a JPEG file", f"{len(jpeg)} bytes: {type(error).__name__}") from None
    if image.mode not in ("RGB", "L"):
        raise InvalidField(field, "an RGB or greyscale JPEG", image.mode)
    if jpeg.rfind(_END_OF_IMAGE) < jpeg.rfind(_START_OF_SCAN):
        raise InvalidField(field, "a complete JPEG file", f"{len(jpeg)} bytes without an end-of-image marker")
    if (scans := jpeg.count(_START_OF_SCAN)) > _MOST_SCANS:
        raise InvalidField(field, f"a JPEG file of at most {_MOST_SCANS} scans", f"{scans} scans")
    return image


def _check_size(image: Image.Image, camera: frame_pb2.CameraImage, limits: FrameLimits, path: str) -> None:
    width, height = image.size
    if width * height > limits.image_pixels:
        raise InvalidField(f"{path}.jpeg", f"at most {limits.image_pixels} pixels", f"{width}x{height}")
    if width != camera.width_px:
        raise InvalidField(f"{path}.width_px", f"{width}, the width of the JPEG", camera.width_px)
    if height != camera.height_px:
        raise InvalidField(f"{path}.height_px", f"{height}, the height of the JPEG", camera.height_px)
