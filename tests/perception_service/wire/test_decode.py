"""SensorFrame -> Scene: what arrives, in which order and frame, and what decoding may cost."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from perception_service.limits import FrameLimits
from perception_service.wire.decode import decode_frame
from tests.perception_service.small_frame import HEIGHT_PX, WIDTH_PX, jpeg_of, small_frame
from waymend.errors import InvalidField
from waymend.perception.v1 import frame_pb2, geometry_pb2
from waymend.tensors import pack_tensor
from waymend.vocabulary import CAMERA_NAMES


def test_values_arrive_with_their_units(frame: frame_pb2.SensorFrame, jpeg_decoders: ThreadPoolExecutor) -> None:
    scene = decode_frame(frame, FrameLimits(), jpeg_decoders)

    assert scene.global_from_ego.translation_m.tolist() == [100.0, 200.0, 0.0]
    np.testing.assert_allclose(scene.ego_history, [[1.0, -5.0, 0.0, 0.0], [0.5, -2.5, 0.0, 0.0]])
    assert scene.ego_from_lidar.translation_m.tolist() == [0.9, 0.0, 1.8]
    assert scene.map is not None
    assert scene.map.polylines[0].kind == "lane_centerline"
    assert scene.cameras[0].intrinsic.tolist() == [[126, 0, 80], [0, 126, 45], [0, 0, 1]]


def test_fewer_cameras_pass_where_the_limits_say_so(
    frame: frame_pb2.SensorFrame, jpeg_decoders: ThreadPoolExecutor
) -> None:
    del frame.cameras[3]
    scene = decode_frame(frame, FrameLimits(min_cameras=5), jpeg_decoders)
    assert tuple(view.name for view in scene.cameras) == tuple(name for name in CAMERA_NAMES if name != "CAM_BACK")
    with pytest.raises(InvalidField, match=r"frame\.cameras: expected 6 cameras, given 5 cameras, without CAM_BACK"):
        decode_frame(frame, FrameLimits(), jpeg_decoders)


def test_cameras_are_put_in_order(frame: frame_pb2.SensorFrame, jpeg_decoders: ThreadPoolExecutor) -> None:
    shuffled = [frame.cameras[i] for i in (3, 0, 5, 1, 4, 2)]
    del frame.cameras[:]
    frame.cameras.extend(shuffled)
    scene = decode_frame(frame, FrameLimits(), jpeg_decoders)
    assert tuple(view.name for view in scene.cameras) == CAMERA_NAMES


def test_red_stays_red(frame: frame_pb2.SensorFrame, jpeg_decoders: ThreadPoolExecutor) -> None:
    red = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    red[..., 0] = 255
    frame.cameras[0].jpeg = jpeg_of(red)
    image = decode_frame(frame, FrameLimits(), jpeg_decoders).cameras[0].image_rgb
    assert image.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert image.dtype == np.uint8
    np.testing.assert_allclose(image.reshape(-1, 3).mean(axis=0), [254, 0, 0], atol=2)


@pytest.mark.parametrize("cut", [1, 2, 10, 500])
def test_a_jpeg_that_lacks_its_last_bytes_is_refused(
    frame: frame_pb2.SensorFrame, jpeg_decoders: ThreadPoolExecutor, cut: int
) -> None:
    frame.cameras[3].jpeg = frame.cameras[3].jpeg[:-cut]
    with pytest.raises(InvalidField, match=r"frame\.cameras\.CAM_BACK\.jpeg: expected a complete JPEG"):
        decode_frame(frame, FrameLimits(), jpeg_decoders)


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded(
    frame: frame_pb2.SensorFrame, jpeg_decoders: ThreadPoolExecutor
) -> None:
    jpeg = frame.cameras[0].jpeg
    frame.cameras[0].jpeg = jpeg[:-2] + b"\xff\xda" * 5000 + jpeg[-2:]
    with pytest.raises(InvalidField, match="100 scans"):
        decode_frame(frame, FrameLimits(), jpeg_decoders)


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"lidar_points": 999}, r"frame\.lidar\.points\.shape"),
        ({"jpeg_bytes": 1024}, r"frame\.cameras\.CAM_FRONT\.jpeg"),
        ({"image_pixels": WIDTH_PX * HEIGHT_PX - 1}, r"frame\.cameras\.CAM_FRONT\.jpeg"),
        ({"agents": 0}, r"frame\.agents"),
        ({"history": 1}, r"frame\.ego_history"),
        ({"map_lines": 1}, r"frame\.map"),
        ({"map_points": 33}, r"frame\.map"),
    ],
)
def test_every_limit_holds(
    frame: frame_pb2.SensorFrame, jpeg_decoders: ThreadPoolExecutor, limits: dict[str, int], field: str
) -> None:
    with pytest.raises(InvalidField, match=f"^{field}: expected at most"):
        decode_frame(frame, replace(FrameLimits(), **limits), jpeg_decoders)


def test_the_largest_legal_frame_fits_into_a_message() -> None:
    limits = FrameLimits()
    frame = small_frame("x" * 128)
    for camera in frame.cameras:
        camera.jpeg = bytes(limits.jpeg_bytes)
    frame.lidar.points.CopyFrom(pack_tensor(np.zeros((limits.lidar_points, 5), np.float32)))
    frame.agents.boxes[0].track_id = "t" * 128
    frame.agents.boxes[0].MergeFrom(
        frame_pb2.AgentBox(velocity_y_ego_mps=1.0, center_ego_m=geometry_pb2.Vector3(x=1.1, y=1.1, z=1.1))
    )
    frame.agents.boxes.extend([frame.agents.boxes[0]] * (limits.agents - 1))
    frame.ego_history.extend([frame.ego_history[0]] * (limits.history - 2))
    points = limits.map_points // limits.map_lines
    line = frame_pb2.MapPolyline(kind=1, points_ego_m=pack_tensor(np.ones((points, 2), np.float32)))
    del frame.map.polylines[:], frame.map.drivable_areas[:]
    frame.map.polylines.extend([line] * limits.map_lines)
    assert limits.message_bytes * 0.9 < frame.ByteSize() < limits.message_bytes
