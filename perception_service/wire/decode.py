"""SensorFrame -> Scene: everything is checked before it is used."""

from concurrent.futures import Executor

from perception_service.limits import FrameLimits
from perception_service.scene import Scene
from perception_service.wire.agents import decode_agents
from perception_service.wire.cameras import decode_cameras
from perception_service.wire.ego import decode_ego_state, decode_history
from perception_service.wire.lidar import decode_points
from perception_service.wire.maps import decode_map
from perception_service.wire.values import checked_name, checked_timestamp, decoded_pose
from waymend.perception.v1 import frame_pb2


def decode_frame(
    frame: frame_pb2.SensorFrame, limits: FrameLimits, jpeg_decoders: Executor, field: str = "frame"
) -> Scene:
    """The frame as arrays and dataclasses. Cheap checks come first, JPEG decoding last.

    Args:
        frame: What was received.
        limits: What a frame may hold.
        jpeg_decoders: Runs the decoding of the images side by side.
        field: Path of the frame, for errors.

    Raises:
        InvalidField: Naming the first field that is wrong.
    """
    timestamp_us = checked_timestamp(frame.timestamp_us, f"{field}.timestamp_us")
    return Scene(
        frame_id=checked_name(frame.frame_id, f"{field}.frame_id"),
        timestamp_us=timestamp_us,
        global_from_ego=decoded_pose(frame.global_from_ego, f"{field}.global_from_ego"),
        ego_state=decode_ego_state(frame.ego_state, f"{field}.ego_state") if frame.HasField("ego_state") else None,
        ego_history=decode_history(frame.ego_history, timestamp_us, limits, f"{field}.ego_history"),
        points_lidar=decode_points(frame.lidar, limits, f"{field}.lidar"),
        ego_from_lidar=decoded_pose(frame.lidar.ego_from_lidar, f"{field}.lidar.ego_from_lidar"),
        agents=decode_agents(frame.agents, limits, f"{field}.agents") if frame.HasField("agents") else None,
        map=decode_map(frame.map, limits, f"{field}.map") if frame.HasField("map") else None,
        cameras=decode_cameras(frame.cameras, limits, jpeg_decoders, f"{field}.cameras"),
    )
