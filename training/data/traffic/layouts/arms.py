"""Two-way roads that lead to a junction, and the ways through it."""

from dataclasses import dataclass

import numpy as np
from shapely import Polygon

from training.data.traffic.curve import Curve, bend, winding
from training.data.traffic.curve_lane import CurveLane
from training.data.traffic.layouts.layout import CrossingSite
from training.data.traffic.layouts.section import ParkingStrip, Section
from training.data.traffic.layouts.street import crossing_at
from training.data.traffic.network import CurveNetwork
from waymend.geometry import wrapped

CROSSING_FROM_M = 1.6
STOP_WITH_CROSSING_M = 6.2
STOP_WITHOUT_M = 1.0
_STOP_LINE_M = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One road of a junction; its section leads outwards, so that what drives in drives backward.

    Roads in the network: `in<number>` to `at<number>` inwards, `from<number>` to `out<number>` outwards.
    """

    number: int
    angle_rad: float
    section: Section

    @property
    def lanes(self) -> int:
        return self.section.forward

    @property
    def inward(self) -> tuple[str, str]:
        return f"in{self.number}", f"at{self.number}"

    @property
    def outward(self) -> tuple[str, str]:
        return f"from{self.number}", f"out{self.number}"

    def add(self, network: CurveNetwork, speed_limit_mps: float) -> None:
        self.section.add_backward(network, *self.inward, speed_limit_mps)
        self.section.add_forward(network, *self.outward, speed_limit_mps)

    def stop_line(self, before_m: float) -> Polygon:
        """Across the lanes that lead in."""
        width = self.section.backward * self.section.lane_m
        return self.section.strip(before_m, before_m + _STOP_LINE_M, 0.1, width)

    def crossing(self, network: CurveNetwork) -> CrossingSite:
        return crossing_at(network, self.section, CROSSING_FROM_M, painted=True)

    def parking(self, from_m: float) -> tuple[ParkingStrip, ...]:
        to_m = self.section.line.length_m - 5.0
        return tuple(ParkingStrip(self.section, side, from_m, to_m) for side in (-1, 1))


def draw_arm(
    random: np.random.Generator,
    number: int,
    angle_rad: float,
    edge_m: float,
    lanes: int,
    lane_m: float,
    length_m: float,
) -> Arm:
    """Straight near the junction, then gently bent; begins `edge_m` from the middle."""
    start = (edge_m * np.cos(angle_rad), edge_m * np.sin(angle_rad), angle_rad)
    curvature = float(random.choice([-1.0, 0.0, 1.0])) / float(random.uniform(120.0, 400.0))
    line = winding(start, [(45.0, 0.0), (50.0, curvature), (length_m - 95.0, 0.0)], ramp_m=15.0)
    return Arm(number, angle_rad, Section(line, lanes, lanes, lane_m, gutter_m=0.5))


def way_through(from_arm: Arm, from_lane: int, to_arm: Arm, to_lane: int) -> CurveLane:
    """A connector from a lane that leads in to one that leads out."""
    start, end = from_arm.section.backward_curve(from_lane), to_arm.section.forward_curve(to_lane)
    curve = bend(_pose(start, start.length_m), _pose(end, 0.0))
    return CurveLane(curve, from_arm.section.lane_m, connector=True)


def turn_between(from_arm: Arm, to_arm: Arm) -> float:
    """Change of heading (rad) on the way from one arm to another, positive to the left."""
    return wrapped(float(to_arm.angle_rad - from_arm.angle_rad - np.pi))


def _pose(curve: Curve, station_m: float) -> tuple[float, float, float]:
    x, y, heading = curve.poses(station_m)[0].tolist()
    return x, y, heading
