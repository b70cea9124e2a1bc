"""What stands on and beside the road, in the ego frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class AgentBox:
    """An oriented box around a road user or object.

    Attributes:
        track_id: Stable name of the object, empty where tracking is unknown.
        object_class: One of `waymend.vocabulary.OBJECT_CLASSES`.
        center_ego_m: x, y, z of the box centre, metres.
        length_m, width_m, height_m: Extents along the heading, across it, and vertical.
        yaw_rad: Heading relative to the ego x axis, counter-clockwise.
        velocity_ego_mps: Ground velocity along the ego axes, m/s.
        score: Confidence 0..1; 1 for annotated boxes.
    """

    track_id: str
    object_class: str
    center_ego_m: tuple[float, float, float]
    length_m: float
    width_m: float
    height_m: float
    yaw_rad: float
    velocity_ego_mps: tuple[float, float] = (0.0, 0.0)
    score: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Polyline:
    """A line of the map: `kind` from `waymend.vocabulary.POLYLINE_KINDS`, points float32 [N, 2], metres."""

    kind: str
    points_ego_m: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class DrivableArea:
    """A polygon that may be driven on: rings float32 [N, 2], metres; holes are cut out."""

    exterior_ego_m: NDArray[np.float32]
    holes_ego_m: tuple[NDArray[np.float32], ...] = ()


@dataclass(frozen=True, slots=True)
class VectorMap:
    """The vector map around the ego vehicle; no drivable areas means that they are unknown."""

    polylines: tuple[Polyline, ...] = ()
    drivable_areas: tuple[DrivableArea, ...] = ()
