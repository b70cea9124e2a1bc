"""Areas of a road map: what may be driven on, crossings, walkways."""

from collections.abc import Mapping, Sequence

import shapely
from shapely import LineString, MultiLineString, MultiPolygon, Polygon

from training.data.drives.road_map import Lane
from training.data.scenarionet.record import Record
from training.data.scenarionet.shapes import distinct, multi_polygon, polygon_through, polygons_of

BOUNDARY = "boundary_"
"""Ids that ScenarioNet gives to the outlines of the drivable area; they bear the type of a painted line."""

_CROSSINGS = ("CROSSWALK", "CROSS_WALK")
_GAP_M = 1.0
_SMALLEST_HOLE_M2 = 20.0
_RING_POINTS = 3


def read_crossings(features: Mapping[str, Record]) -> tuple[Polygon, ...]:
    return _areas(features, *_CROSSINGS)


def read_walkways(features: Mapping[str, Record]) -> tuple[Polygon, ...]:
    return _areas(features, "ROAD_EDGE_SIDEWALK")


def read_drivable(features: Mapping[str, Record], lanes: Sequence[Lane]) -> MultiPolygon:
    """Where vehicles may be.

    nuScenes and nuPlan come with its outlines: exteriors, holes, islands in holes. Elsewhere it is the union of lanes
    and driveways, without gaps of up to 2 m and holes of less than 20 m2 between them; the shoulder beside the
    outermost lane is not part of it.

    Raises:
        InvalidField: An outline is wrong.
    """
    rings = [feature.points("polyline") for name, feature in features.items() if name.startswith(BOUNDARY)]
    lines = [LineString(ring[distinct(ring)]) for ring in rings if distinct(ring).sum() > _RING_POINTS]
    if lines:
        return multi_polygon(shapely.build_area(MultiLineString(lines)))
    surfaces = [lane.surface for lane in lanes] + list(_areas(features, "DRIVEWAY"))
    closed = shapely.union_all(surfaces).buffer(_GAP_M, join_style="mitre").buffer(-_GAP_M, join_style="mitre")
    return multi_polygon(shapely.union_all([_without_small_holes(part) for part in polygons_of(closed)] + surfaces))


def _areas(features: Mapping[str, Record], *kinds: str) -> tuple[Polygon, ...]:
    """Features of some kinds that are areas: given by a polygon or, in early versions, by a line around it."""
    found = (feature for feature in features.values() if feature.text("type") in kinds)
    areas = (polygon_through(feature.points("polygon" if "polygon" in feature else "polyline")) for feature in found)
    return tuple(area for area in areas if area is not None)


def _without_small_holes(polygon: Polygon) -> Polygon:
    holes = [ring for ring in polygon.interiors if Polygon(ring).area >= _SMALLEST_HOLE_M2]
    return Polygon(polygon.exterior, holes)
