"""A frame description and its files, as the message that perception understands."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from waymend.errors import InvalidField
from waymend.frames.description import (
    AgentDescription,
    CameraDescription,
    DrivableAreaDescription,
    FrameDescription,
    MapDescription,
    PoseDescription,
)
from waymend.perception.v1 import frame_pb2, geometry_pb2, tensor_pb2
from waymend.tensors import pack_tensor
from waymend.vocabulary import CAMERA_NAMES, OBJECT_CLASSES, POLYLINE_KINDS

_POINT_BYTES = 5 * 4


def sensor_frame_message(
    description: FrameDescription, lidar: bytes, jpegs: Mapping[str, bytes], field: str = "frame"
) -> frame_pb2.SensorFrame:
    """Builds a SensorFrame; sensor contents are checked by perception, which is the one to use them.

    Args:
        description: The parsed `frame.json`.
        lidar: float32 [N, 5] little-endian bytes.
        jpegs: One JPEG per camera name.
        field: Path of the description, for errors.

    Raises:
        InvalidField: A camera or its file is missing, the LiDAR file is cut off, or a name is not in the vocabulary.
    """
    return frame_pb2.SensorFrame(
        frame_id=description.frame_id,
        timestamp_us=description.timestamp_us,
        global_from_ego=_pose(description.global_from_ego),
        ego_state=None if description.ego_state is None else _ego_state(description),
        ego_history=[frame_pb2.PastEgoPose(**past.model_dump()) for past in description.ego_history],
        cameras=_cameras(description, jpegs, field),
        lidar=frame_pb2.LidarCloud(
            points=_points(lidar, f"{field}.lidar"), ego_from_lidar=_pose(description.lidar.ego_from_lidar)
        ),
        agents=None if description.agents is None else _agents(description.agents, f"{field}.agents"),
        map=None if description.map is None else _map(description.map, f"{field}.map"),
    )


def _cameras(description: FrameDescription, jpegs: Mapping[str, bytes], field: str) -> list[frame_pb2.CameraImage]:
    missing = [name for name in CAMERA_NAMES if name not in description.cameras]
    if missing:
        raise InvalidField(f"{field}.cameras", f"six cameras: {', '.join(CAMERA_NAMES)}", f"without {missing}")
    return [_camera(name, description.cameras[name], jpegs, field) for name in CAMERA_NAMES]


def _camera(name: str, camera: CameraDescription, jpegs: Mapping[str, bytes], field: str) -> frame_pb2.CameraImage:
    if name not in jpegs:
        raise InvalidField(f"{field}.cameras.{name}", "a JPEG file", "none")
    return frame_pb2.CameraImage(
        name=_wire_index(name, CAMERA_NAMES, field),
        timestamp_us=camera.timestamp_us,
        jpeg=jpegs[name],
        width_px=camera.width_px,
        height_px=camera.height_px,
        intrinsic=[value for row in camera.intrinsic for value in row],
        ego_from_camera=_pose(camera.ego_from_camera),
    )


def _points(lidar: bytes, field: str) -> tensor_pb2.Tensor:
    if len(lidar) % _POINT_BYTES:
        raise InvalidField(field, f"a multiple of {_POINT_BYTES} bytes (float32 [N, 5])", f"{len(lidar)} bytes")
    return tensor_pb2.Tensor(dtype=tensor_pb2.DATA_TYPE_FLOAT32, shape=[len(lidar) // _POINT_BYTES, 5], data=lidar)


def _agents(agents: Sequence[AgentDescription], field: str) -> frame_pb2.AgentList:
    return frame_pb2.AgentList(boxes=[_agent(agent, f"{field}.{i}") for i, agent in enumerate(agents)])


def _agent(agent: AgentDescription, field: str) -> frame_pb2.AgentBox:
    x, y, z = agent.center_ego_m
    velocity_x, velocity_y = agent.velocity_ego_mps
    return frame_pb2.AgentBox(
        track_id=agent.track_id,
        object_class=_wire_index(agent.object_class, OBJECT_CLASSES, f"{field}.object_class"),
        center_ego_m=geometry_pb2.Vector3(x=x, y=y, z=z),
        length_m=agent.length_m,
        width_m=agent.width_m,
        height_m=agent.height_m,
        yaw_rad=agent.yaw_rad,
        velocity_x_ego_mps=velocity_x,
        velocity_y_ego_mps=velocity_y,
        score=1.0,
    )


def _map(vector_map: MapDescription, field: str) -> frame_pb2.VectorMap:
    return frame_pb2.VectorMap(
        polylines=[
            frame_pb2.MapPolyline(
                kind=_wire_index(line.kind, POLYLINE_KINDS, f"{field}.polylines.{i}.kind"),
                points_ego_m=_ring(line.points_ego_m),
            )
            for i, line in enumerate(vector_map.polylines)
        ],
        drivable_areas=[_polygon(area) for area in vector_map.drivable_areas],
    )


def _polygon(area: DrivableAreaDescription) -> geometry_pb2.Polygon:
    return geometry_pb2.Polygon(
        exterior_ego_m=_ring(area.exterior_ego_m), holes_ego_m=[_ring(hole) for hole in area.holes_ego_m]
    )


def _ring(points: Sequence[Sequence[float]]) -> tensor_pb2.Tensor:
    return pack_tensor(np.asarray(points, np.float32).reshape(-1, 2))


def _pose(pose: PoseDescription) -> geometry_pb2.Pose:
    x, y, z = pose.translation_m
    qw, qx, qy, qz = pose.rotation_wxyz
    return geometry_pb2.Pose(
        translation_m=geometry_pb2.Vector3(x=x, y=y, z=z),
        rotation=geometry_pb2.Quaternion(w=qw, x=qx, y=qy, z=qz),
    )


def _ego_state(description: FrameDescription) -> frame_pb2.EgoState:
    assert description.ego_state is not None
    return frame_pb2.EgoState(**description.ego_state.model_dump())


def _wire_index(name: str, names: Sequence[str], field: str) -> Any:
    """The enum value of a name; the stubs have a type of their own for each enum."""
    if name not in names:
        raise InvalidField(field, f"one of {', '.join(names)}", name)
    return names.index(name) + 1
