"""A small sensor frame, made here."""

import io

import numpy as np
from PIL import Image

from waymend.perception.v1 import frame_pb2, geometry_pb2
from waymend.tensors import pack_tensor
from waymend.vocabulary import CAMERA_NAMES

TIMESTAMP_US = 1_600_000_000_000_000
WIDTH_PX, HEIGHT_PX = 160, 90
_CAMERA_YAWS_DEG = (0, -55, 55, 180, 110, -110)


def jpeg_of(image: np.ndarray, mode: str | None = None) -> bytes:
    """The image as a JPEG file."""
    file = io.BytesIO()
    (Image.frombytes(mode, image.shape[1::-1], image.tobytes()) if mode else Image.fromarray(image)).save(file, "JPEG")
    return file.getvalue()


def small_frame(frame_id: str = "frame-0", timestamp_us: int = TIMESTAMP_US) -> frame_pb2.SensorFrame:
    """Six small images, a thousand points, one car, a lane and a square to drive on."""
    rng = np.random.default_rng(7)
    points = rng.uniform((-50, -50, -2, 0, 0), (50, 50, 2, 255, 0.4), (1000, 5)).astype(np.float32)
    return frame_pb2.SensorFrame(
        frame_id=frame_id,
        timestamp_us=timestamp_us,
        global_from_ego=_pose(100.0, 200.0, 0.0, (1, 0, 0, 0)),
        ego_state=frame_pb2.EgoState(speed_mps=5.0, acceleration_mps2=0.1, yaw_rate_radps=0.02),
        ego_history=[
            frame_pb2.PastEgoPose(timestamp_us=timestamp_us - age_us, x_ego_m=-age_us * 5e-6)
            for age_us in (1_000_000, 500_000)
        ],
        cameras=[_camera(i, timestamp_us, rng) for i in range(len(CAMERA_NAMES))],
        lidar=frame_pb2.LidarCloud(points=pack_tensor(points), ego_from_lidar=_pose(0.9, 0.0, 1.8, (1, 0, 0, 0))),
        agents=frame_pb2.AgentList(boxes=[_car()]),
        map=_map(),
    )


def _camera(index: int, timestamp_us: int, rng: np.random.Generator) -> frame_pb2.CameraImage:
    # Turns camera axes (z forward) into ego axes (x forward), then by the camera's yaw.
    half = np.deg2rad(_CAMERA_YAWS_DEG[index]) / 2
    c, s = np.cos(half) / 2, np.sin(half) / 2
    rotation = (c + s, -c - s, c - s, -c + s)
    return frame_pb2.CameraImage(
        name=index + 1,
        timestamp_us=timestamp_us - 10_000,
        jpeg=jpeg_of(rng.integers(0, 255, (HEIGHT_PX, WIDTH_PX, 3), np.uint8)),
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        intrinsic=[126.0, 0.0, WIDTH_PX / 2, 0.0, 126.0, HEIGHT_PX / 2, 0.0, 0.0, 1.0],
        ego_from_camera=_pose(1.5, 0.0, 1.5, rotation),
    )


def _pose(x: float, y: float, z: float, wxyz: tuple[float, float, float, float]) -> geometry_pb2.Pose:
    w, qx, qy, qz = wxyz
    return geometry_pb2.Pose(
        translation_m=geometry_pb2.Vector3(x=x, y=y, z=z), rotation=geometry_pb2.Quaternion(w=w, x=qx, y=qy, z=qz)
    )


def _car() -> frame_pb2.AgentBox:
    return frame_pb2.AgentBox(
        track_id="car-1",
        object_class=frame_pb2.OBJECT_CLASS_CAR,
        center_ego_m=geometry_pb2.Vector3(x=12, y=3, z=0.8),
        length_m=4.5,
        width_m=1.9,
        height_m=1.6,
        yaw_rad=0.1,
        velocity_x_ego_mps=4.0,
        score=1.0,
    )


def _map() -> frame_pb2.VectorMap:
    lane = np.stack([np.linspace(-20, 40, 30), np.zeros(30)], axis=1).astype(np.float32)
    square = np.array([(-30, -10), (50, -10), (50, 10), (-30, 10)], np.float32)
    return frame_pb2.VectorMap(
        polylines=[frame_pb2.MapPolyline(kind=frame_pb2.POLYLINE_KIND_LANE_CENTERLINE, points_ego_m=pack_tensor(lane))],
        drivable_areas=[geometry_pb2.Polygon(exterior_ego_m=pack_tensor(square))],
    )
