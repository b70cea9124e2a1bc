"""A layout as a road map: lanes, paint, asphalt, crossings, pavements."""

import numpy as np
import shapely
from highway_env.road.road import LaneIndex
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from training.data.drives.road_map import Divider, Lane, RoadMap
from training.data.traffic.curve import Curve
from training.data.traffic.curve_lane import CurveLane
from training.data.traffic.layouts.layout import Layout
from training.data.traffic.layouts.section import Section, bay_m

_EXTENT_M = 700.0
_MARGIN_M = (60.0, 200.0)
_SMALLEST_HOLE_M2 = 20.0
_SMALLEST_AREA_M2 = 2.0
_CORNER_REACH_M = 40.0
_LEAST_LANE_M = 5.0


def road_map_of(layout: Layout, ego_path_m: NDArray[np.float64], name: str) -> RoadMap:
    """Everything within some distance of the ego vehicle's path [N, 2]; lane ids begin with `name`.

    The distance is 200 m, less where the whole would be longer than about 700 m, but 60 m at least.
    """
    path = LineString(ego_path_m)
    x0, y0, x1, y1 = path.bounds
    margin = float(np.clip((_EXTENT_M - max(x1 - x0, y1 - y0)) / 2, *_MARGIN_M))
    near = path.buffer(margin)
    drivable = _drivable(layout).intersection(near)
    return RoadMap(
        lanes=_lanes(layout, near, name),
        drivable=_multi(drivable),
        dividers=_dividers(layout, near),
        crossings=tuple(site.area for site in layout.crossings if site.painted and site.area.intersects(near)),
        stop_lines=tuple(line for line in layout.stop_lines if line.intersects(near)),
        walkways=_polygons(_walkways(layout).difference(_drivable(layout)).intersection(near)),
    )


def lane_surface(lane: CurveLane, start_m: float, end_m: float) -> Polygon:
    """The strip between two stations of a lane."""
    stations = lane.curve.stations_m
    inside = np.concatenate([[start_m], stations[(stations > start_m) & (stations < end_m)], [end_m]])
    left, right = lane.curve.points(inside, lane.width / 2), lane.curve.points(inside, -lane.width / 2)
    polygon = Polygon(np.concatenate([right, left[::-1]])).buffer(0)
    return max(_polygons(polygon), key=lambda part: part.area)


def _lanes(layout: Layout, near: Polygon, name: str) -> tuple[Lane, ...]:
    """Each lane's longest stretch near the path."""
    stretches = {index: _stretch(lane.curve, near) for index, lane in layout.network.lanes()}
    kept = {index: span for index, span in stretches.items() if span and span[1] - span[0] > _LEAST_LANE_M}
    lanes = []
    for index, (start, end) in kept.items():
        lane = layout.network.get_lane(index)
        goes_on = end > lane.length - 1e-6
        following = [other for other in _following(layout, index) if goes_on and kept.get(other, (1.0, 0.0))[0] < 1e-6]
        lanes.append(
            Lane(
                lane_id=_lane_id(name, index),
                centerline_m=lane.curve.piece(start, end).points_m,
                surface=lane_surface(lane, start, end),
                connector=lane.connector,
                successors=tuple(_lane_id(name, other) for other in following),
            )
        )
    return tuple(lanes)


def _lane_id(name: str, index: LaneIndex) -> str:
    return f"{name}-{index[0]}-{index[1]}-{index[2]}"


def _following(layout: Layout, index: LaneIndex) -> list[LaneIndex]:
    """Lanes that begin where one ends, within a metre, in its direction."""
    lane = layout.network.get_lane(index)
    end = lane.curve.points_m[-1]
    return [
        other_index
        for other_index, other in layout.network.lanes()
        if other_index[0] == index[1] and np.hypot(*(other.curve.points_m[0] - end)) < 1.0
    ]


def _stretch(curve: Curve, near: Polygon) -> tuple[float, float] | None:
    """First and last station of the longest part of a line within an area."""
    inside = shapely.contains_xy(near, curve.points_m)
    if inside.all():
        return 0.0, curve.length_m
    runs = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(int), [0]]))).reshape(-1, 2)
    if not len(runs):
        return None
    first, end = max(runs.tolist(), key=lambda run: run[1] - run[0])
    return float(curve.stations_m[first]), float(curve.stations_m[end - 1])


def _dividers(layout: Layout, near: Polygon) -> tuple[Divider, ...]:
    lines = [*(line for section in layout.sections for line in section.dividers()), *layout.dividers]
    kept = []
    for divider in lines:
        parts = shapely.get_parts(LineString(divider.line_m).intersection(near))
        kept += [
            Divider(
                shapely.get_coordinates(part), divider.color, divider.dashed, divider.double, divider.divides_directions
            )
            for part in parts
            if part.length > 1.0
        ]
    return tuple(kept)


def _drivable(layout: Layout) -> BaseGeometry:
    """All surfaces in one, concave corners rounded, small holes closed, islands left out."""
    surfaces = [section.surface() for section in layout.sections]
    surfaces += [strip.surface() for strip in layout.parking]
    surfaces += layout.surfaces
    surfaces += [lane_surface(lane, 0.0, lane.length) for _, lane in layout.network.lanes()]
    whole = shapely.union_all(surfaces)
    rounded = whole.buffer(layout.corner_m).buffer(-layout.corner_m)
    if layout.middle_m:
        rounded = whole.union(rounded.intersection(Point(layout.middle_m).buffer(_reach(layout))))
    filled = [_without_small_holes(part) for part in _polygons(rounded.buffer(0.05).buffer(-0.05))]
    return shapely.union_all(filled).difference(shapely.union_all(layout.islands)).simplify(0.02)


def _reach(layout: Layout) -> float:
    """Radius of the junction with its corners."""
    edges = [np.hypot(*(section.line.points_m[0] - np.array(layout.middle_m))) for section in layout.sections]
    return float(max(edges)) + 10.0


def _walkways(layout: Layout) -> BaseGeometry:
    """Strips along kerbs and bays, and around the corners of a junction."""
    if not layout.urban:
        return Polygon()
    strips = [strip for section in layout.sections for strip in _beside(layout, section)]
    if layout.middle_m:
        around = Point(layout.middle_m).buffer(_reach(layout))
        strips.append(_drivable(layout).buffer(layout.walkway_m).intersection(around))
    walkways = shapely.union_all(strips)
    return walkways.difference(shapely.union_all(layout.islands).buffer(1.0))


def _beside(layout: Layout, section: Section) -> list[Polygon]:
    """The pavements of a section, wider by its parking bays."""
    strips = []
    for side, kerb in ((-1, section.right_kerb_m), (1, section.left_kerb_m)):
        low, high = sorted((kerb, kerb + side * (bay_m(section, layout.parking, side) + layout.walkway_m)))
        strips.append(section.strip(0.0, section.line.length_m, low, high))
    return strips


def _without_small_holes(area: Polygon) -> Polygon:
    return Polygon(area.exterior, [ring for ring in area.interiors if Polygon(ring).area > _SMALLEST_HOLE_M2])


def _polygons(area: BaseGeometry) -> tuple[Polygon, ...]:
    parts = shapely.get_parts(area)
    return tuple(part for part in parts if isinstance(part, Polygon) and part.area > _SMALLEST_AREA_M2)


def _multi(area: BaseGeometry) -> MultiPolygon:
    return MultiPolygon(list(_polygons(area)))
