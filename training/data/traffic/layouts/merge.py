"""A motorway with an on-ramp; the ego vehicle comes from the ramp or is on the motorway beside it."""

import numpy as np
from shapely import Polygon

from training.data.traffic.curve import Curve, winding
from training.data.traffic.curve_lane import CurveLane
from training.data.traffic.layouts.highway import (
    OPPOSITE,
    carriageway_spawns,
    gentle_line,
    motorway_section,
    other_carriageway,
)
from training.data.traffic.layouts.layout import Layout, SpawnLane
from training.data.traffic.layouts.section import Section
from training.data.traffic.network import CurveNetwork

_BEFORE_M = 330.0
_DRIVEN_S = 25.0
_TAPER_M = 50.0


def merge(random: np.random.Generator) -> Layout:
    speed = float(random.uniform(15.0, 26.0))
    lanes = int(random.integers(2, 4))
    beside_m = float(random.uniform(170.0, 240.0))
    line = gentle_line(random, _BEFORE_M + beside_m + speed * _DRIVEN_S)
    whole = motorway_section(random, line, lanes)
    stations = (0.0, _BEFORE_M, _BEFORE_M + beside_m, line.length_m)
    counts = (lanes, lanes + 1, lanes)
    sections = [
        Section(line.piece(start, end), count, 0, whole.lane_m, whole.gutter_m, whole.left_gutter_m)
        for start, end, count in zip(stations[:-1], stations[1:], counts, strict=True)
    ]
    network = CurveNetwork()
    for (start, end), section in zip((("a", "b"), ("b", "c"), ("c", "d")), sections, strict=True):
        section.add_forward(network, start, end, speed_limit_mps=36.0)
    ramp = _ramp(random, sections[1].forward_curve(lanes), whole.lane_m)
    ramp_lane = CurveLane(ramp.forward_curve(0), ramp.lane_m, 36.0)
    network.add_lane("r", "b", ramp_lane)
    opposite = other_carriageway(random, network, whole)
    from_ramp = random.random() < 0.5
    return Layout(
        kind="merge",
        detail=f"an on-ramp that joins a motorway of {lanes} lanes",
        network=network,
        speed_mps=speed,
        ego=_ego(random, from_ramp, lanes, ramp_lane.length, speed),
        spawns=_spawns(lanes, ramp_lane.length, network),
        sections=(*sections, ramp, *opposite),
        surfaces=(_taper(sections[2]),),
        corner_m=1.5,
        barred={("b", "c", lanes): beside_m},
    )


def _ramp(random: np.random.Generator, joining: Curve, lane_m: float) -> Section:
    """A lane that comes from the right and ends as the beginning of `joining`."""
    radius, angle = float(random.uniform(80.0, 160.0)), float(random.uniform(0.3, 0.8))
    x, y, heading = joining.offset(lane_m / 2).poses(0.0)[0].tolist()
    pieces = [(20.0, 0.0), (radius * angle, 1.0 / radius), (float(random.uniform(120.0, 180.0)), 0.0)]
    back = winding((x, y, heading + np.pi), pieces, ramp_m=20.0)
    return Section(back.reversed(), 1, 0, lane_m, gutter_m=1.5, left_gutter_m=0.6)


def _ego(random: np.random.Generator, from_ramp: bool, lanes: int, ramp_m: float, speed_mps: float) -> SpawnLane:
    if from_ramp:
        start = float(np.clip(ramp_m - speed_mps * random.uniform(5.0, 8.0), 15.0, ramp_m - 60.0))
        return SpawnLane(("r", "b", 0), (("r", "b", 0), ("b", "c", lanes - 1), ("c", "d", None)), (start, start))
    start = float(_BEFORE_M - speed_mps * random.uniform(6.0, 10.0))
    right_lane = ("a", "b", lanes - 1)
    return SpawnLane(right_lane, (("a", "b", None), ("b", "c", None), ("c", "d", None)), (start, start))


def _spawns(lanes: int, ramp_m: float, network: CurveNetwork) -> tuple[SpawnLane, ...]:
    ahead = (("a", "b", None), ("b", "c", None), ("c", "d", None))
    main = [SpawnLane(("a", "b", lane), ahead, (8.0, _BEFORE_M - 15.0)) for lane in range(lanes)]
    beside = [SpawnLane(("b", "c", lane), ahead[1:], (15.0, 150.0)) for lane in range(lanes)]
    beyond = [SpawnLane(("c", "d", lane), ahead[2:], (15.0, 250.0)) for lane in range(lanes)]
    joining = (("r", "b", 0), ("b", "c", lanes - 1), ("c", "d", None))
    ramp = SpawnLane(("r", "b", 0), joining, (10.0, ramp_m - 15.0), density=0.8)
    return (*main, *beside, *beyond, ramp, *carriageway_spawns(network, OPPOSITE))


def _taper(after: Section) -> Polygon:
    """Where the acceleration lane narrows to nothing."""
    outer = after.right_kerb_m
    stations = np.linspace(0.0, _TAPER_M, 20)
    edge = after.line.points(stations, outer - after.lane_m * (1 - stations / _TAPER_M))
    inner = after.line.points(stations, outer + 0.1)
    return Polygon(np.concatenate([edge, inner[::-1]])).buffer(0)
