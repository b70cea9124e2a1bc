"""Nodes, lines and polygons of the map expansion, and the layers that stand on them."""

from collections import defaultdict

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Polygon

from training.data.nuscenes_format.tables import Row
from training.data.nuscenes_format.tokens import token_of

LAYERS = (
    "node", "line", "polygon", "drivable_area", "road_segment", "road_block", "lane", "lane_connector", "ped_crossing",
    "walkway", "stop_line", "carpark_area", "road_divider", "lane_divider", "traffic_light",
)  # fmt: skip


class MapLayers:
    """Rows of each layer of one map; equal shapes share their nodes."""

    def __init__(self, location: str) -> None:
        self.rows: dict[str, list[Row]] = {name: [] for name in LAYERS}
        self._location = location
        self._known: dict[str, set[str]] = defaultdict(set)

    def add(self, layer: str, row: Row) -> None:
        """Adds a row unless one of its token is there."""
        if row["token"] not in self._known[layer]:
            self._known[layer].add(row["token"])
            self.rows[layer].append(row)

    def has(self, layer: str, token: str) -> bool:
        return token in self._known[layer]

    def node(self, x: float, y: float) -> str:
        token = token_of("node", self._location, repr(x), repr(y))
        self.add("node", {"token": token, "x": x, "y": y})
        return token

    def line(self, points_m: NDArray[np.float64]) -> str:
        nodes = [self.node(x, y) for x, y in points_m.tolist()]
        token = token_of("line", *nodes)
        self.add("line", {"token": token, "node_tokens": nodes})
        return token

    def polygon(self, area: Polygon) -> str:
        exterior, *holes = (
            [self.node(x, y) for x, y in shapely.get_coordinates(ring)[:-1].tolist()]
            for ring in (area.exterior, *area.interiors)
        )
        token = token_of("polygon", *exterior, *(node for hole in holes for node in hole))
        row = {"token": token, "exterior_node_tokens": exterior, "holes": [{"node_tokens": hole} for hole in holes]}
        self.add("polygon", row)
        return token


def edge_across(centerline_m: NDArray[np.float64], surface: Polygon, at_end: bool) -> NDArray[np.float64]:
    """The line [2, 2] across a lane at its start or end, from its left to its right edge."""
    first, second = (centerline_m[-1], centerline_m[-2]) if at_end else (centerline_m[0], centerline_m[1])
    along = (first - second) if at_end else (second - first)
    left = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
    ray = LineString([first + 8.0 * left, first - 8.0 * left])
    crossing = surface.buffer(0.05).intersection(ray)
    points = shapely.get_coordinates(crossing)
    if len(points) < 2:
        return np.array([first + 1.75 * left, first - 1.75 * left])
    order = np.argsort((points - first) @ left)
    return points[[order[-1], order[0]]]
