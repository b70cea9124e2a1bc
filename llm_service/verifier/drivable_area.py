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
            InvalidField: A ring has fewer than three points or a number that is not finite, or nothing is left.
        """
        polygons = [_polygon(area, f"drivable_areas[{index}]") for index, area in enumerate(areas)]
        union = shapely.union_all(polygons) if len(polygons) > 1 else polygons[0]
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
    """The farthest that a corner of the vehicle reaches past the drivable area, and when."""

    outside_m: float
    time_s: float


def excursion_of(path: EgoPath, region: DrivableRegion) -> Excursion:
    """The worst excursion along the path; 0 m at time 0 where it never leaves."""
    outside_m = region.outside_m(path.corners_ego_m.reshape(-1, 2)).reshape(-1, 4).max(axis=1)
    worst = int(outside_m.argmax())
    return Excursion(float(outside_m[worst]), float(path.times_s[worst]))


def _polygon(area: DrivableArea, field: str) -> BaseGeometry:
    rings = [np.asarray(ring, np.float64) for ring in (area.exterior_ego_m, *area.holes_ego_m)]
    for ring in rings:
        if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3 or not np.isfinite(ring).all():
            raise InvalidField(field, "rings of at least three finite points", f"shape {list(ring.shape)}")
    polygon = shapely.Polygon(rings[0], rings[1:])
    return polygon if polygon.is_valid else shapely.make_valid(polygon)


def _edges(union: BaseGeometry) -> NDArray[np.object_]:
    """The edges of every ring of the boundary, as lines of two points."""
    coordinates, ring = shapely.get_coordinates(shapely.get_parts(union.boundary), return_index=True)
    same_ring = ring[1:] == ring[:-1]
    return shapely.linestrings(np.stack((coordinates[:-1], coordinates[1:]), axis=1)[same_ring])
