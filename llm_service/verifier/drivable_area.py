"""How far the ego vehicle reaches past the drivable area."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from llm_service.verifier.path import EgoPath
from waymend.agents import DrivableArea
from waymend.errors import InvalidField

MOST_MENDED_POINTS = 32
"""Of a polygon whose rings cross; the time to mend one grows with about the fourth power of their number."""


def _between_corners() -> NDArray[np.float64]:
    """Weights [14, 4] of a box's corners: a fifth of its length and half its width apart, without the corners."""
    along, across = (share.ravel() for share in np.meshgrid(np.linspace(0, 1, 6), np.linspace(0, 1, 3)))
    weights = np.stack(((1 - along) * (1 - across), along * (1 - across), along * across, (1 - along) * across), axis=1)
    return weights[weights.max(axis=1) < 1]


_BETWEEN_CORNERS = _between_corners()


@dataclass(frozen=True, slots=True, eq=False)
class DrivableRegion:
    """The union of all drivable areas, ready for many questions.

    Attributes:
        union: Prepared shapely geometry in the ego frame, metres.
        edges: Index over the single edges of its boundary, for distances.
    """

    union: BaseGeometry
    edges: shapely.STRtree

    @classmethod
    def of(cls, areas: Sequence[DrivableArea]) -> "DrivableRegion":
        """The union of at least one area; a hole of one counts where no other area covers it.

        Raises:
            InvalidField: A ring has fewer than three points or a number that is not finite, rings cross in a polygon
                of more than `MOST_MENDED_POINTS`, or nothing with an area is left.
        """
        polygons = [part for index, area in enumerate(areas) for part in _polygons(area, f"drivable_areas[{index}]")]
        union = shapely.union_all(polygons) if len(polygons) != 1 else polygons[0]
        if union.is_empty:
            raise InvalidField("drivable_areas", "polygons with an area", f"{len(areas)} without")
        shapely.prepare(union)
        shapely.intersects_xy(union, 0.0, 0.0)  # The first question builds the index; asked here, none waits for it.
        return cls(union, shapely.STRtree(_edges(union)))

    def outside_m(self, points_ego_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far each point [N, 2] lies outside, [N] metres; 0 inside."""
        distance_m = np.zeros(len(points_ego_m))
        outside = np.flatnonzero(~shapely.intersects_xy(self.union, points_ego_m))
        if len(outside):
            points = shapely.points(points_ego_m[outside])
            _, distances = self.edges.query_nearest(points, return_distance=True, all_matches=False)
            distance_m[outside] = distances
        return distance_m


@dataclass(frozen=True, slots=True)
class Excursion:
    """The farthest that the vehicle reaches past the drivable area, and when."""

    outside_m: float
    time_s: float


def excursion_of(path: EgoPath, region: DrivableRegion) -> Excursion:
    """The worst excursion of the poses of a path; 0 m at time 0 where none is found.

    Asked are the box's corners and, where one of them is inside, 14 points of its outline and centre line too, which
    find a hole between the corners. A hole narrower than half the box, or passed between two poses, may be missed.
    """
    corners_m = region.outside_m(path.corners_ego_m.reshape(-1, 2)).reshape(-1, 4)
    outside_m, partly = corners_m.max(axis=1), corners_m.min(axis=1) == 0
    between = (_BETWEEN_CORNERS @ path.corners_ego_m[partly]).reshape(-1, 2)
    between_m = region.outside_m(between).reshape(-1, len(_BETWEEN_CORNERS)).max(axis=1)
    outside_m[partly] = np.maximum(outside_m[partly], between_m)
    worst = int(outside_m.argmax())
    return Excursion(float(outside_m[worst]), float(path.times_s[worst]))


def _polygons(area: DrivableArea, field: str) -> Sequence[BaseGeometry]:
    """The polygons of an area, mended where its rings cross; none where they enclose nothing."""
    rings = [np.asarray(ring, np.float64) for ring in (area.exterior_ego_m, *area.holes_ego_m)]
    for ring in rings:
        if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3 or not np.isfinite(ring).all():
            raise InvalidField(field, "rings of at least three finite points", f"shape {list(ring.shape)}")
    polygon = shapely.Polygon(rings[0], rings[1:])
    if polygon.is_valid:
        return [polygon]
    points = sum(map(len, rings))
    if points > MOST_MENDED_POINTS:
        expected = f"rings that do not cross, or at most {MOST_MENDED_POINTS} points"
        raise InvalidField(field, expected, f"{points} points, {shapely.is_valid_reason(polygon)}")
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(polygon)))
    return parts[shapely.area(parts) > 0].tolist()


def _edges(union: BaseGeometry) -> NDArray[np.object_]:
    """The edges of every ring of the boundary, as lines of two points."""
    coordinates, ring = shapely.get_coordinates(shapely.get_parts(union.boundary), return_index=True)
    same_ring = ring[1:] == ring[:-1]
    return shapely.linestrings(np.stack((coordinates[:-1], coordinates[1:]), axis=1)[same_ring])
