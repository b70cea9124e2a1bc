"""`frame.json`: what a frame directory says about its sensor files."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from waymend.errors import InvalidField

PlainFileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=-][A-Za-z0-9_.+=-]*$", max_length=200)]
Point2 = Annotated[list[float], Field(min_length=2, max_length=2)]
Point3 = Annotated[list[float], Field(min_length=3, max_length=3)]
Timestamp = Annotated[int, Field(gt=0, lt=2**62)]
_LARGEST_JPEG_PX = 65_535
_FIRST = Field(fail_fast=True)
"""A wrong list ends at its first fault: the first is told, and a list of a million faults costs no more."""
CameraKey = Literal["CAM_FRONT", "CAM_FRONT_RIGHT", "CAM_FRONT_LEFT", "CAM_BACK", "CAM_BACK_LEFT", "CAM_BACK_RIGHT"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class PoseDescription(_Strict):
    """A rigid transform `target_from_source`: translation in metres, unit quaternion with the scalar first."""

    translation_m: Point3
    rotation_wxyz: Annotated[list[float], Field(min_length=4, max_length=4)]


class EgoStateDescription(_Strict):
    """Motion of the ego vehicle: m/s and m/s^2 along the ego x axis, rad/s positive to the left."""

    speed_mps: float
    acceleration_mps2: float = 0.0
    yaw_rate_radps: float = 0.0


class PastEgoPoseDescription(_Strict):
    """An earlier ego pose in the current ego frame, metres and radians."""

    timestamp_us: Timestamp
    x_ego_m: float
    y_ego_m: float
    yaw_rad: float


class CameraDescription(_Strict):
    """A JPEG and its calibration; `ego_from_camera` holds at exposure, in the ego frame at the frame's time."""

    file: PlainFileName
    timestamp_us: Timestamp
    width_px: Annotated[int, Field(gt=0, le=_LARGEST_JPEG_PX)]
    height_px: Annotated[int, Field(gt=0, le=_LARGEST_JPEG_PX)]
    intrinsic: Annotated[list[Point3], Field(min_length=3, max_length=3)]
    ego_from_camera: PoseDescription


class LidarDescription(_Strict):
    """A file of float32 [N, 5]: x, y, z (LiDAR frame, m), intensity 0..255, age of the sweep (s)."""

    file: PlainFileName
    ego_from_lidar: PoseDescription


class AgentDescription(_Strict):
    """An oriented box in the ego frame: metres, radians, m/s; `object_class` of the nuScenes detection task."""

    track_id: Annotated[str, Field(max_length=128)] = ""
    object_class: str
    center_ego_m: Point3
    length_m: Annotated[float, Field(gt=0)]
    width_m: Annotated[float, Field(gt=0)]
    height_m: Annotated[float, Field(gt=0)]
    yaw_rad: float
    velocity_ego_mps: Point2 = [0.0, 0.0]


class PolylineDescription(_Strict):
    """A line of the map, ego frame, metres."""

    kind: str
    points_ego_m: Annotated[list[Point2], Field(min_length=2), _FIRST]


class DrivableAreaDescription(_Strict):
    """A polygon with holes that may be driven on, ego frame, metres."""

    exterior_ego_m: Annotated[list[Point2], Field(min_length=3), _FIRST]
    holes_ego_m: Annotated[list[Annotated[list[Point2], Field(min_length=3), _FIRST]], _FIRST] = []


class MapDescription(_Strict):
    """The vector map around the ego vehicle."""

    polylines: Annotated[list[PolylineDescription], _FIRST] = []
    drivable_areas: Annotated[list[DrivableAreaDescription], _FIRST] = []


class FrameDescription(_Strict):
    """The whole of `frame.json`.

    `agents: null` means that perception's detections stand in; an empty list means that the road is known to be clear.
    `future_trajectory_ego_m` is where the vehicle truly went, for pictures and evaluation; no service reads it.
    """

    schema_version: Literal[1] = 1
    frame_id: Annotated[str, Field(min_length=1, max_length=128)]
    timestamp_us: Timestamp
    global_from_ego: PoseDescription
    ego_state: EgoStateDescription | None = None
    ego_history: Annotated[list[PastEgoPoseDescription], _FIRST] = []
    lidar: LidarDescription
    cameras: dict[CameraKey, CameraDescription]
    agents: Annotated[list[AgentDescription], _FIRST] | None = None
    map: MapDescription | None = None
    future_trajectory_ego_m: Annotated[list[Point2], _FIRST] | None = None


def parse_description(text: bytes | str, field: str = "frame") -> FrameDescription:
    """Reads `frame.json`.

    Raises:
        InvalidField: Not JSON, an unknown or missing key, a wrong type, NaN or Inf; its path starts with `field`.
    """
    try:
        return FrameDescription.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        path = ".".join([field, *(str(part) for part in first["loc"])])
        raise InvalidField(path, first["msg"], first["input"]) from None
