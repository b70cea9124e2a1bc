"""Vector maps to and from the wire."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from perception_service.limits import FrameLimits
from perception_service.wire.values import FARTHEST_IN_EGO_M, checked_count, name_of
from waymend.agents import DrivableArea, Polyline, VectorMap
from waymend.errors import InvalidField
from waymend.perception.v1 import frame_pb2, geometry_pb2, tensor_pb2
from waymend.tensors import pack_tensor, unpack_tensor
from waymend.vocabulary import POLYLINE_KINDS

_SHORTEST_LINE, _SHORTEST_RING = 2, 3


def decode_map(vector_map: frame_pb2.VectorMap, limits: FrameLimits, field: str) -> VectorMap:
    """The map, its sizes checked before its points.

    Raises:
        InvalidField: Too many lines or points, an unknown kind, a line or ring that is too short, or values out of
            range.
    """
    _check_sizes(vector_map, limits, field)
    return VectorMap(
        polylines=tuple(
            Polyline(
                kind=name_of(line.kind, POLYLINE_KINDS, f"{field}.polylines.{i}.kind"),
                points_ego_m=_points(line.points_ego_m, f"{field}.polylines.{i}.points_ego_m", _SHORTEST_LINE),
            )
            for i, line in enumerate(vector_map.polylines)
        ),
        drivable_areas=tuple(
            _drivable_area(area, f"{field}.drivable_areas.{i}") for i, area in enumerate(vector_map.drivable_areas)
        ),
    )


def polygon_messages(areas: Iterable[DrivableArea]) -> list[geometry_pb2.Polygon]:
    """The areas as messages."""
    return [
        geometry_pb2.Polygon(
            exterior_ego_m=pack_tensor(np.asarray(area.exterior_ego_m, np.float32)),
            holes_ego_m=[pack_tensor(np.asarray(hole, np.float32)) for hole in area.holes_ego_m],
        )
        for area in areas
    ]


def _check_sizes(vector_map: frame_pb2.VectorMap, limits: FrameLimits, field: str) -> None:
    areas = vector_map.drivable_areas
    lines = len(vector_map.polylines) + sum(1 + len(area.holes_ego_m) for area in areas)
    checked_count(lines, field, limits.map_lines)
    tensors = [line.points_ego_m for line in vector_map.polylines]
    tensors += [ring for area in areas for ring in (area.exterior_ego_m, *area.holes_ego_m)]
    points = sum(len(tensor.data) for tensor in tensors) // 8
    if points > limits.map_points:
        raise InvalidField(field, f"at most {limits.map_points} points", f"{points} points")


def _drivable_area(area: geometry_pb2.Polygon, field: str) -> DrivableArea:
    return DrivableArea(
        exterior_ego_m=_points(area.exterior_ego_m, f"{field}.exterior_ego_m", _SHORTEST_RING),
        holes_ego_m=tuple(
            _points(hole, f"{field}.holes_ego_m.{i}", _SHORTEST_RING) for i, hole in enumerate(area.holes_ego_m)
        ),
    )


def _points(tensor: tensor_pb2.Tensor, field: str, fewest: int) -> NDArray[np.float32]:
    points = unpack_tensor(tensor, field, "float32", (None, 2))
    if len(points) < fewest:
        raise InvalidField(f"{field}.shape", f"at least {fewest} points", list(tensor.shape))
    if np.abs(points).max() > FARTHEST_IN_EGO_M:
        raise InvalidField(field, f"metres within {FARTHEST_IN_EGO_M:g}", float(np.abs(points).max()))
    return points
