"""The roads of a drive as shapes in its global frame, metres."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Points = NDArray[np.float64]


class LineColor(StrEnum):
    """Paint of a divider; NONE for one that only the map knows."""

    WHITE = "white"
    YELLOW = "yellow"
    NONE = "none"


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """A strip for one row of vehicles.

    Attributes:
        lane_id: Unique in the map, the source's own where it has one.
        centerline_m: [N, 2], in the direction of travel.
        surface: The strip.
        connector: Whether it leads through an intersection.
        successors: Ids of the lanes that go on from its end, as far as the map knows them.
    """

    lane_id: str
    centerline_m: Points
    surface: Polygon
    connector: bool = False
    successors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Divider:
    """A line between lanes; `divides_directions` where traffic comes the other way beyond it."""

    line_m: Points
    color: LineColor = LineColor.WHITE
    dashed: bool = False
    double: bool = False
    divides_directions: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RoadMap:
    """Everything flat that traffic rules speak of.

    Attributes:
        drivable: Where vehicles may be, the union of all road surfaces.
        crossings: Pedestrian crossings.
        stop_lines: Thin areas across a lane.
        walkways: Pavements; may be empty where the source does not know them.
    """

    lanes: tuple[Lane, ...]
    drivable: MultiPolygon
    dividers: tuple[Divider, ...] = ()
    crossings: tuple[Polygon, ...] = ()
    stop_lines: tuple[Polygon, ...] = ()
    walkways: tuple[Polygon, ...] = ()

    @property
    def bounds_m(self) -> tuple[float, float, float, float]:
        """Least x, least y, greatest x, greatest y of all shapes."""
        shapes = [self.drivable, *(lane.surface for lane in self.lanes), *self.crossings, *self.walkways]
        return tuple(shapely.total_bounds(shapes).tolist())

    def moved(self, x_m: float, y_m: float) -> "RoadMap":
        return self._transformed(lambda points: points + np.array([x_m, y_m]))

    def mirrored(self) -> "RoadMap":
        """Reflected at the x axis: left becomes right."""
        return self._transformed(lambda points: points * np.array([1.0, -1.0]))

    def renamed(self, rename: Callable[[str], str]) -> "RoadMap":
        """The same roads with other lane ids."""
        lanes = (
            replace(lane, lane_id=rename(lane.lane_id), successors=tuple(map(rename, lane.successors)))
            for lane in self.lanes
        )
        return replace(self, lanes=tuple(lanes))

    def _transformed(self, change: Callable[[Points], Points]) -> "RoadMap":
        def shape(geometry: BaseGeometry) -> Any:
            return shapely.transform(geometry, change)

        return RoadMap(
            lanes=tuple(
                replace(lane, centerline_m=change(lane.centerline_m), surface=shape(lane.surface))
                for lane in self.lanes
            ),
            drivable=shape(self.drivable),
            dividers=tuple(replace(divider, line_m=change(divider.line_m)) for divider in self.dividers),
            crossings=tuple(shape(area) for area in self.crossings),
            stop_lines=tuple(shape(area) for area in self.stop_lines),
            walkways=tuple(shape(area) for area in self.walkways),
        )


def merged(road_maps: Sequence[RoadMap]) -> RoadMap:
    """Road maps of one frame as one; a lane that several have, by its id, appears once."""
    drivable = shapely.union_all([road_map.drivable for road_map in road_maps])
    lanes = {lane.lane_id: lane for road_map in road_maps for lane in road_map.lanes}
    return RoadMap(
        lanes=tuple(lanes.values()),
        drivable=drivable if isinstance(drivable, MultiPolygon) else MultiPolygon([drivable]),
        dividers=tuple(divider for road_map in road_maps for divider in road_map.dividers),
        crossings=tuple(area for road_map in road_maps for area in road_map.crossings),
        stop_lines=tuple(area for road_map in road_maps for area in road_map.stop_lines),
        walkways=tuple(area for road_map in road_maps for area in road_map.walkways),
    )
