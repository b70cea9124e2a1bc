"""A frame of full size, encoded before the first real one: lazy allocations happen while nobody waits."""

import io

import numpy as np
from PIL import Image

from waymend.perception.v1 import frame_pb2, geometry_pb2
from waymend.tensors import pack_tensor

_WIDTH_PX, _HEIGHT_PX = 1600, 900
_FOCAL_LENGTH_PX = 1266.0
_POINTS = 300_000
"""About nine sweeps and a key frame of a 32-beam LiDAR."""
_FARTHEST_M = 50.0
_AGENTS = 32
_POLYLINES = 64


def warm_up_frame() -> frame_pb2.SensorFrame:
    """Six black images, a spiral of points, a row of parked cars and parallel lanes, in nuScenes' sizes."""
    identity = geometry_pb2.Pose(translation_m=geometry_pb2.Vector3(), rotation=geometry_pb2.Quaternion(w=1.0))
    jpeg = _black_jpeg()
    return frame_pb2.SensorFrame(
        frame_id="warm-up",
        timestamp_us=1,
        global_from_ego=identity,
        ego_state=frame_pb2.EgoState(),
        cameras=[_camera(name, jpeg) for name in frame_pb2.CameraName.values()[1:]],
        lidar=frame_pb2.LidarCloud(points=pack_tensor(_spiral()), ego_from_lidar=identity),
        agents=frame_pb2.AgentList(boxes=[_parked_car(number) for number in range(_AGENTS)]),
        map=frame_pb2.VectorMap(polylines=[_lane(number) for number in range(_POLYLINES)]),
    )


def _black_jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (_WIDTH_PX, _HEIGHT_PX)).save(file, "JPEG")
    return file.getvalue()


def _camera(name: frame_pb2.CameraName.ValueType, jpeg: bytes) -> frame_pb2.CameraImage:
    focal, x, y = _FOCAL_LENGTH_PX, _WIDTH_PX / 2, _HEIGHT_PX / 2
    looking_ahead = geometry_pb2.Pose(
        translation_m=geometry_pb2.Vector3(x=1.7, z=1.5), rotation=geometry_pb2.Quaternion(w=0.5, x=-0.5, y=0.5, z=-0.5)
    )
    return frame_pb2.CameraImage(
        name=name,
        timestamp_us=1,
        jpeg=jpeg,
        width_px=_WIDTH_PX,
        height_px=_HEIGHT_PX,
        intrinsic=[focal, 0.0, x, 0.0, focal, y, 0.0, 0.0, 1.0],
        ego_from_camera=looking_ahead,
    )


def _spiral() -> np.ndarray:
    """float32 [N, 5]."""
    turn = np.linspace(0.0, 1.0, _POINTS, dtype=np.float32)
    angle_rad, radius_m = 200.0 * np.pi * turn, _FARTHEST_M * np.sqrt(turn)
    points = np.zeros((_POINTS, 5), np.float32)
    points[:, 0], points[:, 1] = radius_m * np.cos(angle_rad), radius_m * np.sin(angle_rad)
    return points


def _parked_car(number: int) -> frame_pb2.AgentBox:
    return frame_pb2.AgentBox(
        track_id=str(number),
        object_class=frame_pb2.OBJECT_CLASS_CAR,
        center_ego_m=geometry_pb2.Vector3(x=6.0 * number - 90.0, y=4.0, z=0.8),
        length_m=4.5,
        width_m=1.9,
        height_m=1.6,
        score=1.0,
    )


def _lane(number: int) -> frame_pb2.MapPolyline:
    x_m = np.linspace(-_FARTHEST_M, _FARTHEST_M, 20, dtype=np.float32)
    y_m = np.full_like(x_m, 1.5 * number - 48.0)
    return frame_pb2.MapPolyline(
        kind=frame_pb2.POLYLINE_KIND_LANE_CENTERLINE, points_ego_m=pack_tensor(np.stack([x_m, y_m], axis=1))
    )
