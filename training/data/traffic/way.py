"""What lies ahead of a vehicle, as samples along its lanes."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.traffic.curve_lane import CurveLane


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """What lies ahead of a vehicle: the middle of its lanes, sampled.

    Attributes:
        points_m: float64 [N, 2].
        headings_rad: float64 [N].
        curvatures: float64 [N], 1/m, not negative.
        distances_m: float64 [N], from the vehicle's middle along the way.
    """

    points_m: NDArray[np.float64]
    headings_rad: NDArray[np.float64]
    curvatures: NDArray[np.float64]
    distances_m: NDArray[np.float64]


def way_along(lanes: Iterable[CurveLane], start_m: float, reach_m: float) -> Way:
    """The middle of consecutive lanes, as far as the reach; the first one starts at `start_m` from the vehicle."""
    parts: list[tuple[NDArray[np.float64], ...]] = []
    for lane in lanes:
        if start_m > reach_m:
            break
        parts.append(_part(lane, start_m, reach_m))
        start_m += lane.length
    return Way(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _part(lane: CurveLane, start_m: float, reach_m: float) -> tuple[NDArray[np.float64], ...]:
    """Points, headings, curvatures and distances of what of a lane lies between the vehicle and its reach."""
    low, high = np.searchsorted(lane.curve.stations_m, [-start_m - 1.0, reach_m - start_m])
    piece = slice(min(int(low), len(lane.curve.stations_m) - 2), max(int(high), int(low) + 2))
    curve = lane.curve
    return curve.points_m[piece], curve.headings_rad[piece], lane.curvatures[piece], curve.stations_m[piece] + start_m
