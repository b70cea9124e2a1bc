"""A nuScenes map expansion, read once and indexed, so that looking around does not walk the whole town."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from nuscenes.map_expansion.map_api import NuScenesMap
from shapely import LineString, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

_CENTERLINE_STEP_M = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class MapIndex:
    """Lines and drivable areas of a map in its global frame, metres.

    Attributes:
        line_kinds: One of `waymend.vocabulary.POLYLINE_KINDS` per line.
        lines: Centre lines, dividers and outlines.
        areas: Drivable areas.
        lane_poses: By token of the lane or lane connector, float64 [N, 3]: x, y (m), yaw (rad) about every metre.
        successors: By token, the lanes and connectors that begin where one ends.
    """

    line_kinds: tuple[str, ...]
    lines: STRtree
    areas: STRtree
    lane_poses: Mapping[str, NDArray[np.float64]]
    successors: Mapping[str, tuple[str, ...]]

    def lines_in(self, patch: Polygon) -> list[tuple[str, BaseGeometry]]:
        """Kind and whole line of all that reach into the patch, in the map's order."""
        found = np.sort(self.lines.query(patch, predicate="intersects"))
        return [(self.line_kinds[i], self.lines.geometries[i]) for i in found]

    def areas_in(self, patch: Polygon) -> list[BaseGeometry]:
        """Whole drivable areas that reach into the patch, in the map's order."""
        return list(self.areas.geometries[np.sort(self.areas.query(patch, predicate="intersects"))])


def has_map(dataroot: Path, location: str) -> bool:
    """Whether the map expansion of a location is installed."""
    return (dataroot / "maps" / "expansion" / f"{location}.json").is_file()


@lru_cache(maxsize=4)
def open_map(dataroot: Path, location: str) -> MapIndex:
    """Reads the map expansion of a location; the four of nuScenes stay in memory."""
    road_map = NuScenesMap(str(dataroot), location)
    tokens = [lane["token"] for lane in (*road_map.lane, *road_map.lane_connector)]
    lane_poses = {
        token: np.asarray(poses, np.float64)
        for token, poses in road_map.discretize_lanes(tokens, _CENTERLINE_STEP_M).items()
        if len(poses) > 1
    }
    kinds_and_lines = list(_lines(road_map, lane_poses))
    return MapIndex(
        line_kinds=tuple(kind for kind, _ in kinds_and_lines),
        lines=STRtree([line for _, line in kinds_and_lines]),
        areas=STRtree(list(_areas(road_map))),
        lane_poses=lane_poses,
        successors={token: tuple(ends.get("outgoing", ())) for token, ends in road_map.connectivity.items()},
    )


def _lines(road_map: NuScenesMap, lane_poses: Mapping[str, NDArray[np.float64]]) -> Iterator[tuple[str, BaseGeometry]]:
    for poses in lane_poses.values():
        yield "lane_centerline", LineString(poses[:, :2])
    for layer in ("lane_divider", "road_divider"):
        for record in getattr(road_map, layer):
            yield "lane_divider", road_map.extract_line(record["line_token"])
    for layer, kind in (("ped_crossing", "crossing"), ("stop_line", "stop_line")):
        for record in getattr(road_map, layer):
            yield kind, road_map.extract_polygon(record["polygon_token"]).exterior


def _areas(road_map: NuScenesMap) -> Iterator[BaseGeometry]:
    for record in road_map.drivable_area:
        for token in record["polygon_tokens"]:
            yield road_map.extract_polygon(token).buffer(0)
