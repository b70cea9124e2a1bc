"""A road map as nuScenes' map expansion, version 1.3."""

import json
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from training.data.drives.road_map import Divider, Lane, LineColor, RoadMap
from training.data.nuscenes_format.map_layers import MapLayers, edge_across
from training.data.nuscenes_format.tables import Row
from training.data.nuscenes_format.tokens import token_of

VERSION = "1.3"
_CENTERLINE_TOLERANCE_M = 0.02
_LEAST_AREA_M2 = 1.0
_ANY_RADIUS_M = 999.0
"""nuScenes gives straight paths a radius too; it has no effect."""


def write_map_expansion(road_map: RoadMap, location: str, canvas_m: tuple[float, float], directory: Path) -> None:
    """Writes `<location>.json`."""
    layers = MapLayers(location)
    for lane in road_map.lanes:
        _add_lane(layers, lane)
    _add_areas(layers, road_map)
    for divider in road_map.dividers:
        _add_divider(layers, divider)
    whole = {
        "version": VERSION,
        "canvas_edge": list(canvas_m),
        "arcline_path_3": {lane.lane_id: arcline_path(lane.centerline_m) for lane in road_map.lanes},
        "connectivity": _connectivity(road_map),
    }
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{location}.json").write_text(json.dumps(layers.rows | whole))


def arcline_path(centerline_m: NDArray[np.float64]) -> list[Row]:
    """A centre line as straight arcline paths, one per segment; within 2 cm of the line."""
    points = shapely.get_coordinates(LineString(centerline_m).simplify(_CENTERLINE_TOLERANCE_M))
    steps = np.diff(points, axis=0)
    lengths, headings = np.hypot(*steps.T), np.arctan2(steps[:, 1], steps[:, 0])
    return [
        {
            "start_pose": [*start.tolist(), float(heading)],
            "end_pose": [*end.tolist(), float(heading)],
            "shape": "LSR",
            "radius": _ANY_RADIUS_M,
            "segment_length": [0.0, float(length), 0.0],
        }
        for start, end, heading, length in zip(points[:-1], points[1:], headings, lengths, strict=True)
        if length > 1e-3
    ]


def _add_lane(layers: MapLayers, lane: Lane) -> None:
    row: Row = {
        "token": lane.lane_id,
        "polygon_token": layers.polygon(lane.surface),
        "left_lane_divider_segments": [],
        "right_lane_divider_segments": [],
    }
    if lane.connector:
        layers.add("lane_connector", row)
        return
    start, end = (layers.line(edge_across(lane.centerline_m, lane.surface, at_end)) for at_end in (False, True))
    layers.add("lane", row | {"lane_type": "CAR", "from_edge_line_token": start, "to_edge_line_token": end})


def _add_areas(layers: MapLayers, road_map: RoadMap) -> None:
    tokens = [layers.polygon(area) for area in _polygons(road_map.drivable)]
    whole = token_of("drivable_area", *tokens)
    layers.add("drivable_area", {"token": whole, "polygon_tokens": tokens})
    junctions = shapely.union_all([lane.surface for lane in road_map.lanes if lane.connector])
    segments = [(area, False) for area in _polygons(road_map.drivable.difference(junctions))]
    segments += [(area, True) for area in _polygons(road_map.drivable.intersection(junctions))]
    for area, is_intersection in segments:
        extra = {"is_intersection": is_intersection, "drivable_area_token": whole}
        _add_polygon(layers, "road_segment", area, extra)
    for area in road_map.crossings:
        _add_polygon(layers, "ped_crossing", area, {"road_segment_token": ""})
    for area in road_map.walkways:
        _add_polygon(layers, "walkway", area, {})
    for area in road_map.stop_lines:
        cues = {"ped_crossing_tokens": [], "traffic_light_tokens": [], "road_block_token": ""}
        _add_polygon(layers, "stop_line", area, {"stop_line_type": "STOP_SIGN"} | cues)


def _add_polygon(layers: MapLayers, layer: str, area: Polygon, extra: Row) -> None:
    polygon = layers.polygon(area)
    layers.add(layer, {"token": token_of(layer, polygon), "polygon_token": polygon} | extra)


def _add_divider(layers: MapLayers, divider: Divider) -> None:
    line = layers.line(divider.line_m)
    if divider.divides_directions:
        row: Row = {"token": token_of("road_divider", line), "line_token": line, "road_segment_token": ""}
        layers.add("road_divider", row)
        return
    kind = _segment_type(divider)
    segments = [{"node_token": layers.node(x, y), "segment_type": kind} for x, y in divider.line_m.tolist()]
    row = {"token": token_of("lane_divider", line), "line_token": line, "lane_divider_segments": segments}
    layers.add("lane_divider", row)


def _segment_type(divider: Divider) -> str:
    if divider.color is LineColor.NONE:
        return "NIL"
    count, stroke = "DOUBLE" if divider.double else "SINGLE", "DASHED" if divider.dashed else "SOLID"
    return f"{count}_{stroke}_{divider.color.upper()}"


def _connectivity(road_map: RoadMap) -> dict[str, dict[str, list[str]]]:
    """Ways into and out of each lane, among the lanes that the map has."""
    links: dict[str, dict[str, list[str]]] = {lane.lane_id: {"incoming": [], "outgoing": []} for lane in road_map.lanes}
    for lane in road_map.lanes:
        for successor in lane.successors:
            if successor in links:
                links[lane.lane_id]["outgoing"].append(successor)
                links[successor]["incoming"].append(lane.lane_id)
    return links


def _polygons(area: BaseGeometry) -> list[Polygon]:
    """Parts worth a row."""
    parts = shapely.get_parts(area)
    return [part for part in parts if isinstance(part, Polygon) and part.area > _LEAST_AREA_M2]
