"""Lanes and what follows them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.spatial import KDTree

from training.data.drives.road_map import Lane
from training.data.scenarionet.connectors import connectors_among
from training.data.scenarionet.lane_width import half_widths_m
from training.data.scenarionet.record import Record
from training.data.scenarionet.shapes import Points, distinct, polygon_through, strip
from waymend.geometry import wrapped

_TYPES = ("LANE_SURFACE_STREET", "LANE_SURFACE_UNSTRUCTURE", "LANE_FREEWAY", "LANE_UNKNOWN")
"""MetaDrive's lanes for motor vehicles; `LANE_BIKE_LANE` is none."""

_JOINT_M = 0.5
_JOINT_RAD = 0.6


def read_lanes(features: Mapping[str, Record]) -> tuple[Lane, ...]:
    """The lanes among the map features; those of a single point, at the rim of Waymo's maps, are left out.

    Raises:
        InvalidField: A lane has no centreline, or a field of it is wrong.
    """
    records = {lane_id: feature for lane_id, feature in features.items() if feature.text("type") in _TYPES}
    connectors = connectors_among(records)
    lanes = [_lane(lane_id, record, lane_id in connectors) for lane_id, record in records.items()]
    return _with_successors([lane for lane in lanes if lane is not None], records)


def _lane(lane_id: str, record: Record, connector: bool) -> Lane | None:
    points = record.points("polyline")
    kept = distinct(points)
    if np.count_nonzero(kept) < 2:
        return None
    surface = polygon_through(record.points("polygon")) if "polygon" in record else None
    if surface is None:
        left_m, right_m = half_widths_m(record, len(points))
        surface = strip(points[kept], left_m[kept], right_m[kept])
    return None if surface is None else Lane(lane_id, points[kept], surface, connector)


def _with_successors(lanes: list[Lane], records: Mapping[str, Record]) -> tuple[Lane, ...]:
    """The source's own where it names them (`exit_lanes`), else the lanes that begin where one ends."""
    known = {lane.lane_id for lane in lanes}
    met = _met_at_joints(lanes)
    return tuple(
        replace(lane, successors=tuple(name for name in records[lane.lane_id].names("exit_lanes") if name in known))
        if "exit_lanes" in records[lane.lane_id]
        else replace(lane, successors=tuple(lanes[other].lane_id for other in joined))
        for lane, joined in zip(lanes, met, strict=True)
    )


def _met_at_joints(lanes: list[Lane]) -> list[list[int]]:
    """For each lane, which others begin within 0.5 m of its end and go on within 0.6 rad of its direction."""
    if not lanes:
        return []
    starts = KDTree([lane.centerline_m[0] for lane in lanes])
    ends = np.array([lane.centerline_m[-1] for lane in lanes])
    first = np.array([_direction_rad(lane.centerline_m[:2]) for lane in lanes])
    last = np.array([_direction_rad(lane.centerline_m[-2:]) for lane in lanes])
    return [
        [other for other in sorted(near) if other != own and _turn_rad(last[own], first[other]) < _JOINT_RAD]
        for own, near in enumerate(starts.query_ball_point(ends, _JOINT_M))
    ]


def _direction_rad(segment_m: Points) -> float:
    return float(np.arctan2(*(segment_m[1] - segment_m[0])[::-1]))


def _turn_rad(from_rad: float, to_rad: float) -> float:
    return abs(wrapped(to_rad - from_rad))
