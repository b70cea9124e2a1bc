"""The cross-section of a road along a line; traffic keeps right."""

from dataclasses import dataclass

import numpy as np
from shapely import Polygon

from training.data.drives.road_map import Divider, LineColor
from training.data.traffic.curve import Curve
from training.data.traffic.curve_lane import CurveLane
from training.data.traffic.network import CurveNetwork


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Lanes of one width on both sides of a line.

    Attributes:
        line: Between the directions, or the left edge of a one-way road; along the forward direction.
        forward: Lanes to the right of the line; lane 0 is next to it.
        backward: Lanes to its left, driven the other way; lane 0 is next to it.
        gutter_m: From the outer lane's edge to the kerb.
        left_gutter_m: The same to the left of a one-way road.
    """

    line: Curve
    forward: int
    backward: int
    lane_m: float
    gutter_m: float
    left_gutter_m: float = 0.0

    @property
    def right_kerb_m(self) -> float:
        """Offset of the right kerb, negative."""
        return -(self.forward * self.lane_m + self.gutter_m)

    @property
    def left_kerb_m(self) -> float:
        return self.backward * self.lane_m + self.gutter_m if self.backward else self.left_gutter_m

    def forward_curve(self, lane: int) -> Curve:
        return self.line.offset(-(lane + 0.5) * self.lane_m)

    def backward_curve(self, lane: int) -> Curve:
        return self.line.offset((lane + 0.5) * self.lane_m).reversed()

    def add_forward(self, network: CurveNetwork, start: str, end: str, speed_limit_mps: float) -> None:
        for lane in range(self.forward):
            network.add_lane(start, end, CurveLane(self.forward_curve(lane), self.lane_m, speed_limit_mps))

    def add_backward(self, network: CurveNetwork, start: str, end: str, speed_limit_mps: float) -> None:
        for lane in range(self.backward):
            network.add_lane(start, end, CurveLane(self.backward_curve(lane), self.lane_m, speed_limit_mps))

    def surface(self) -> Polygon:
        return self.strip(0.0, self.line.length_m, self.right_kerb_m, self.left_kerb_m)

    def strip(self, start_m: float, end_m: float, right_m: float, left_m: float) -> Polygon:
        """Between two stations and two offsets."""
        count = max(2, round(end_m - start_m) + 1)
        stations = np.linspace(start_m, end_m, count)
        ring = np.concatenate([self.line.points(stations, right_m), self.line.points(stations, left_m)[::-1]])
        return Polygon(ring).buffer(0)

    def dividers(self) -> list[Divider]:
        """White dashes within a direction, a double yellow line between them, white edges."""
        both = self.forward > 0 and self.backward > 0
        dashed = [-lane * self.lane_m for lane in range(1, self.forward)]
        dashed += [lane * self.lane_m for lane in range(1, self.backward)]
        edges = [-self.forward * self.lane_m, self.backward * self.lane_m]
        lines = [Divider(self.line.offset(offset).points_m, dashed=True) for offset in dashed]
        lines += [Divider(self.line.offset(offset).points_m) for offset in edges]
        if both:
            lines.append(Divider(self.line.points_m, LineColor.YELLOW, double=True, divides_directions=True))
        return lines


@dataclass(frozen=True, slots=True, eq=False)
class ParkingStrip:
    """A bay along the kerb of a section; `side` is -1 right of the line, 1 left of it."""

    section: Section
    side: int
    start_m: float
    end_m: float
    width_m: float = 2.3

    @property
    def inner_m(self) -> float:
        return self.section.right_kerb_m if self.side < 0 else self.section.left_kerb_m

    @property
    def outer_m(self) -> float:
        return self.inner_m + self.side * self.width_m

    def surface(self) -> Polygon:
        low, high = sorted((self.inner_m - 0.1 * self.side, self.outer_m))
        return self.section.strip(self.start_m, self.end_m, low, high)


def bay_m(section: Section, parking: tuple[ParkingStrip, ...], side: int) -> float:
    """Width of the parking bays on one side of a section, 0 without any."""
    return max((strip.width_m for strip in parking if strip.side == side and strip.section is section), default=0.0)
