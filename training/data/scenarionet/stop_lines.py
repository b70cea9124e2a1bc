"""Where traffic lights and stop signs make vehicles wait."""

from collections.abc import Iterator, Mapping

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from training.data.drives.road_map import Lane
from training.data.scenarionet.record import Record
from training.data.scenarionet.shapes import Points
from waymend.errors import InvalidField

DEPTH_M = 0.4

_REACH_M = 4.0
"""A stop line reaches no farther than this to either side of the centreline."""

_SHORTEST_M = 1.0
_SAME_LINE_M = 0.5


def read_stop_lines(
    features: Mapping[str, Record], lights: Mapping[str, Record], lanes: tuple[Lane, ...]
) -> tuple[Polygon, ...]:
    """A line across each lane that has a light or a sign, 0.4 m deep.

    A light's line lies at the start of its lane: Waymo's `stop_point` is there, and nuPlan's was moved from there into
    the intersection by ScenarioNet. A sign's line lies where its lane comes nearest to it. Lanes that fork at one
    point share their line.

    Raises:
        InvalidField: A stop sign has no position, or a field of it or of a light is wrong.
    """
    by_id = {lane.lane_id: lane for lane in lanes}
    lines: list[Polygon] = []
    for lane_id, distance_m in [*_of_lights(lights), *_of_signs(features, by_id)]:
        line = _across(by_id[lane_id], distance_m) if lane_id in by_id else None
        if line is not None and all(line.centroid.distance(other.centroid) > _SAME_LINE_M for other in lines):
            lines.append(line)
    return tuple(lines)


def _of_lights(lights: Mapping[str, Record]) -> Iterator[tuple[str, float]]:
    """The lane stands beside the states, by step among them (0 where unseen), or is the light's own id."""
    for name, light in lights.items():
        if "lane" in light:
            yield light.text("lane"), 0.0
        elif "lane" in light.record("state"):
            by_step = light.record("state").numbers("lane")
            yield from ((str(int(lane)), 0.0) for lane in np.unique(by_step[np.isfinite(by_step) & (by_step > 0)]))
        else:
            yield name, 0.0


def _of_signs(features: Mapping[str, Record], lanes: Mapping[str, Lane]) -> Iterator[tuple[str, float]]:
    for sign in features.values():
        if sign.text("type") != "STOP_SIGN":
            continue
        position = sign.numbers("position")
        if position.shape not in ((2,), (3,)) or not np.isfinite(position).all():
            raise InvalidField(f"{sign.path}.position", "two or three finite numbers", position)
        for lane_id in filter(lanes.__contains__, sign.names("lane")):
            yield lane_id, LineString(lanes[lane_id].centerline_m).project(Point(position[:2]))


def _across(lane: Lane, distance_m: float) -> Polygon | None:
    """Across the lane's surface, just after a distance along its centreline; None where the lane is too narrow."""
    center, forward = _point_and_direction(lane.centerline_m, distance_m + DEPTH_M / 2)
    sideways = np.array([-forward[1], forward[0]]) * _REACH_M
    across = LineString([center - sideways, center + sideways]).intersection(lane.surface)
    parts = [part for part in shapely.get_parts(across) if isinstance(part, LineString)]
    nearest = min(parts, key=lambda part: part.distance(Point(center)), default=None)
    wide_enough = nearest is not None and nearest.length >= _SHORTEST_M
    return nearest.buffer(DEPTH_M / 2, cap_style="flat") if wide_enough else None


def _point_and_direction(line_m: Points, distance_m: float) -> tuple[Points, Points]:
    """The point at a distance along a line, at most its end, and the unit vector along the line there."""
    steps = np.diff(line_m, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    reached = np.concatenate([[0.0], np.cumsum(lengths)])
    distance = min(distance_m, float(reached[-1]))
    index = min(int(np.searchsorted(reached, distance, side="right")) - 1, len(steps) - 1)
    forward = steps[index] / lengths[index]
    return line_m[index] + (distance - reached[index]) * forward, forward
