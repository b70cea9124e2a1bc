"""What stands beside the roads of a drive: houses, trees and lamps, made up, clear of the roads and of every track."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from training.data.drives.drive import Drive
from training.rendering.materials import Material
from training.rendering.mesh import Part, merged, part
from training.rendering.roadside import FACADES, building, street_lamp, tree
from waymend.geometry import Pose

VIEW_M = 90.0
"""How far from the vehicle's path the surroundings are made up."""

_HOUSE_FRONT_M = (5.0, 14.0)
"""Least and greatest distance of house fronts from the road; each drive draws its own."""

_HOUSE_DEPTH_M = 11.0
_GREEN_M, _LAMP_M = 2.7, 1.0
_TRACK_CLEARANCE_M = 1.2
_LEAF_CLUSTERS = 18
_DIFFERENT_TREES = 6


def scenery(drive: Drive, around: Polygon, random: np.random.Generator) -> Part:
    """Everything that does not move, in the drive's global frame."""
    road = drive.road_map.drivable.intersection(around)
    kept_free = _kept_free(
        drive, drive.road_map.drivable.intersection(around.buffer(_HOUSE_FRONT_M[1] + _HOUSE_DEPTH_M))
    )
    shapely.prepare(kept_free)
    pieces = [_plain(around)]
    houses, footprints = _houses(road, kept_free, random)
    kept_free = shapely.union_all([kept_free, *(footprint.buffer(0.8) for footprint in footprints)])
    shapely.prepare(kept_free)
    pieces += houses
    pieces += _trees(road, kept_free, random)
    pieces += _lamps(road, kept_free, random)
    return merged(pieces)


def surroundings(drive: Drive) -> Polygon:
    """Everywhere within sight of the vehicle's path."""
    path = LineString(drive.ego.positions_m[:, :2]).simplify(0.5)
    return path.buffer(VIEW_M)


def _kept_free(drive: Drive, road: BaseGeometry) -> BaseGeometry:
    """The road, and wherever an agent goes."""
    trails = [_trail(drive.ego.positions_m, drive.ego.valid).buffer(3.0)]
    for agent in drive.agents:
        reach = float(np.hypot(*agent.size_lwh_m[:2])) / 2 + _TRACK_CLEARANCE_M
        trails.append(_trail(agent.track.positions_m, agent.track.valid).buffer(reach))
    return shapely.union_all([road, *trails])


def _trail(positions_m: NDArray[np.float64], valid: NDArray[np.bool_]) -> BaseGeometry:
    points = positions_m[valid, :2]
    return LineString(points).simplify(0.3) if len(points) > 1 else shapely.Point(points[0])


def _plain(around: Polygon) -> Part:
    """Level ground far beyond what is painted."""
    x, y = around.centroid.coords[0]
    corners = [[x - 1500, y - 1500, 0], [x + 1500, y - 1500, 0], [x + 1500, y + 1500, 0], [x - 1500, y + 1500, 0]]
    return part(corners, [[0, 1, 2], [0, 2, 3]], np.zeros(3), Material.GROUND)


def _houses(
    road: BaseGeometry, kept_free: BaseGeometry, random: np.random.Generator
) -> tuple[list[Part], list[Polygon]]:
    """Rows of houses whose fronts look at the road."""
    density = random.uniform(0.35, 0.95)
    setback_m = float(random.uniform(*_HOUSE_FRONT_M))
    houses, footprints = [], []
    for line in _outlines(road.buffer(setback_m)):
        station = float(random.uniform(0.0, 6.0))
        while station < line.length:
            width, storeys = float(random.uniform(9.0, 20.0)), int(random.integers(1, 7))
            style = FACADES[random.integers(len(FACADES))]
            pose = _beside(line, station + width / 2, kept_free)
            wanted = random.random() < density
            footprint = _footprint(pose, width)
            free = not footprint.intersects(kept_free) and not any(footprint.intersects(other) for other in footprints)
            if wanted and free:
                houses.append(building(width, _HOUSE_DEPTH_M, storeys, style, random).placed(pose))
                footprints.append(footprint)
            station += width + float(random.uniform(0.3, 6.0))
    return houses, footprints


def _footprint(pose: Pose, width_m: float) -> Polygon:
    half = width_m / 2
    corners = np.array([[-half, 0.0, 0], [half, 0, 0], [half, _HOUSE_DEPTH_M, 0], [-half, _HOUSE_DEPTH_M, 0]])
    return Polygon(pose.apply(corners)[:, :2])


def _trees(road: BaseGeometry, kept_free: BaseGeometry, random: np.random.Generator) -> list[Part]:
    kinds = [tree(float(random.uniform(4.5, 9.0)), random, _LEAF_CLUSTERS) for _ in range(_DIFFERENT_TREES)]
    spacing_m = float(random.uniform(9.0, 25.0))
    trees = []
    for line in _outlines(road.buffer(_GREEN_M)):
        for station in np.arange(random.uniform(0, spacing_m), line.length, spacing_m):
            place = line.interpolate(station + random.uniform(-2.0, 2.0))
            kind, turn = kinds[random.integers(len(kinds))], float(random.uniform(0, 2 * np.pi))
            if not place.buffer(0.4).intersects(kept_free):
                trees.append(kind.placed(Pose.from_yaw(turn, (place.x, place.y, 0.0))))
    return trees


def _lamps(road: BaseGeometry, kept_free: BaseGeometry, random: np.random.Generator) -> list[Part]:
    lamp, lamps = street_lamp(), []
    for line in _outlines(road.buffer(_LAMP_M)):
        for station in np.arange(random.uniform(5.0, 30.0), line.length, 32.0):
            pose = _beside(line, float(station), kept_free)
            if not shapely.Point(pose.translation_m[:2]).buffer(0.3).intersects(kept_free):
                lamps.append(lamp.placed(pose @ Pose.from_yaw(-np.pi / 2, (0.0, 0.0, 0.0))))
    return lamps


def _outlines(area: BaseGeometry) -> list[LineString]:
    """The borders of an area, its holes' too."""
    polygons = area.geoms if isinstance(area, MultiPolygon) else [area]
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]
    return [LineString(ring.coords) for ring in rings if ring.length > 20.0]


def _beside(line: LineString, station_m: float, road: BaseGeometry) -> Pose:
    """At a station of an outline, x along it, y away from the road."""
    here, ahead = line.interpolate(station_m), line.interpolate(station_m + 0.5)
    heading = float(np.arctan2(ahead.y - here.y, ahead.x - here.x))
    left = shapely.Point(here.x - 0.5 * np.sin(heading), here.y + 0.5 * np.cos(heading))
    turn = 0.0 if left.distance(road) >= here.distance(road) else np.pi
    return Pose.from_yaw(heading + turn, (here.x, here.y, 0.0))
