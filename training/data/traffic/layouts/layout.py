"""What a made-up road consists of, whatever its kind."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import shapely
from highway_env.road.road import LaneIndex
from numpy.typing import NDArray
from shapely import LineString, Polygon

from training.data.drives.road_map import Divider
from training.data.traffic.curve import Curve
from training.data.traffic.layouts.section import ParkingStrip, Section
from training.data.traffic.network import CurveNetwork

Control = Literal["signals", "stop", "priority", "roundabout"]


@dataclass(frozen=True, slots=True, eq=False)
class LaneCut:
    """Where a lane leads over a crossing: stations on the lane, and on the walker's way."""

    lane_index: LaneIndex
    lane_m: tuple[float, float]
    walk_m: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class CrossingSite:
    """Where people cross the road.

    Attributes:
        area: The strip.
        way_m: [2, 2], along its middle, from a place on one pavement to one on the other.
        painted: Whether it is a marked crossing, or just a place.
        cuts: Filled by `site_on`.
    """

    area: Polygon
    way_m: NDArray[np.float64]
    painted: bool
    cuts: tuple[LaneCut, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SpawnLane:
    """Where vehicles start: a route from its first lane on, between two stations of that lane.

    Attributes:
        lane_index: The first lane.
        route: In highway-env's form, from the first road on; a road with a lane id is one that must be reached.
        density: Vehicles relative to the other lanes.
    """

    lane_index: LaneIndex
    route: tuple[tuple[str, str, int | None], ...]
    stations_m: tuple[float, float]
    density: float = 1.0
    large_vehicles: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class JunctionPlan:
    """Who yields to whom.

    Attributes:
        approaches: Roads that lead to it, with the priority of what comes from there and the signal phase.
        stop_m: How far before the end of the approach the front bumper waits.
    """

    control: Control
    approaches: dict[tuple[str, str], tuple[int, int]]
    stop_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A road network and everything that stands on it by plan.

    Attributes:
        speed_mps: What most drivers want to drive.
        ego: Where the ego vehicle starts; its stations are equal.
        surfaces: Drivable areas beyond the sections' and the lanes'.
        corner_m: Radius that rounds concave kerb corners.
        islands: Areas within that are not drivable.
        walkway_m: Width of the pavements; 0 on motorways.
        walks: Where people walk along the road.
        middle_m: Of the junction, where there is one.
        barred: Lanes that end, with the station where they do.
    """

    kind: str
    detail: str
    network: CurveNetwork
    speed_mps: float
    ego: SpawnLane
    spawns: tuple[SpawnLane, ...]
    sections: tuple[Section, ...]
    parking: tuple[ParkingStrip, ...] = ()
    crossings: tuple[CrossingSite, ...] = ()
    stop_lines: tuple[Polygon, ...] = ()
    dividers: tuple[Divider, ...] = ()
    surfaces: tuple[Polygon, ...] = ()
    islands: tuple[Polygon, ...] = ()
    corner_m: float = 0.5
    walkway_m: float = 0.0
    walks: tuple[Curve, ...] = ()
    junction: JunctionPlan | None = None
    middle_m: tuple[float, float] | None = None
    barred: dict[LaneIndex, float] = field(default_factory=dict)

    @property
    def urban(self) -> bool:
        return self.walkway_m > 0


def site_on(network: CurveNetwork, area: Polygon, way_m: NDArray[np.float64], painted: bool) -> CrossingSite:
    """A crossing with the lanes that lead over it."""
    way = LineString(way_m)
    cuts = []
    for index, lane in network.lanes():
        center = LineString(lane.curve.points_m)
        inside = center.intersection(area)
        if inside.length < 0.5:
            continue
        stations = shapely.line_locate_point(center, shapely.points(shapely.get_coordinates(inside)))
        walked = float(way.project(inside.interpolate(0.5, normalized=True)))
        half_m = lane.width / 2
        cuts.append(LaneCut(index, (float(stations.min()), float(stations.max())), (walked - half_m, walked + half_m)))
    return CrossingSite(area, way_m, painted, tuple(cuts))
