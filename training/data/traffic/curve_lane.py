"""A lane of highway-env along any smooth line."""

import math
from typing import Any

import numpy as np
from highway_env.road.lane import AbstractLane
from numpy.typing import NDArray

from training.data.traffic.curve import Curve

_STRIDE = 8
"""Samples from one to the next of the coarse search for the nearest one."""


class CurveLane(AbstractLane):
    """A lane of constant width; longitudinal coordinates are stations, lateral ones are metres to the left.

    Read in a plain right-handed frame, highway-env's lateral axis points left, for all of its lanes.

    Args:
        connector: Whether it leads through an intersection; nobody changes lane into one.
    """

    def __init__(self, curve: Curve, width_m: float, speed_limit_mps: float = 40.0, connector: bool = False) -> None:
        self.curve = curve
        self._coarse_m = curve.points_m[::_STRIDE]
        self.curvatures = np.abs(curve.curvatures)
        self.width = width_m
        self.length = curve.length_m
        self.speed_limit = speed_limit_mps
        self.connector = connector
        self.forbidden = connector
        self.priority = 0

    def position(self, longitudinal: float, lateral: float) -> NDArray[np.float64]:
        return self.curve.points(longitudinal, lateral)[0]

    def heading_at(self, longitudinal: float) -> float:
        return float(np.interp(longitudinal, self.curve.stations_m, self.curve.headings_rad))

    def width_at(self, longitudinal: float) -> float:
        return self.width

    def local_coordinates(self, position: NDArray[np.float64]) -> tuple[float, float]:
        """Station and offset of one point; `Curve.locate` in plain numbers, since it is asked the most often."""
        about = _nearest(position, self._coarse_m) * _STRIDE
        first = max(about - _STRIDE, 0)
        nearest = first + _nearest(position, self.curve.points_m[first : about + _STRIDE + 1])
        x, y = (position - self.curve.points_m[nearest]).tolist()
        heading = float(self.curve.headings_rad[nearest])
        cos, sin = math.cos(heading), math.sin(heading)
        return float(self.curve.stations_m[nearest]) + x * cos + y * sin, y * cos - x * sin

    def to_config(self) -> dict[str, Any]:
        """What `from_config` takes, for JSON."""
        return {
            "points_m": self.curve.points_m.tolist(),
            "headings_rad": self.curve.headings_rad.tolist(),
            "width_m": self.width,
            "speed_limit_mps": self.speed_limit,
            "connector": self.connector,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "CurveLane":
        curve = Curve.through(np.array(config["points_m"]), np.array(config["headings_rad"]))
        return cls(curve, config["width_m"], config["speed_limit_mps"], config["connector"])


def _nearest(position: NDArray[np.float64], points_m: NDArray[np.float64]) -> int:
    delta = points_m - position
    return int(np.einsum("ij,ij->i", delta, delta).argmin())
