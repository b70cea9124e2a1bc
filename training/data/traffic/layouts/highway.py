"""A motorway, with gentle bends and perhaps the other carriageway beside it."""

import numpy as np

from training.data.traffic.curve import Curve, winding
from training.data.traffic.layouts.layout import Layout, SpawnLane
from training.data.traffic.layouts.section import Section
from training.data.traffic.network import CurveNetwork

EGO_START_M = 110.0
OPPOSITE = ("opposite", "away")
_DRIVEN_S = 28.0


def highway(random: np.random.Generator) -> Layout:
    speed = float(random.uniform(19.0, 33.0))
    line = gentle_line(random, speed * _DRIVEN_S + EGO_START_M + 60.0)
    lanes = int(random.integers(2, 5))
    section = motorway_section(random, line, lanes)
    network = CurveNetwork()
    section.add_forward(network, "a", "b", speed_limit_mps=36.0)
    sections = [section, *other_carriageway(random, network, section)]
    ego_lane = ("a", "b", int(random.integers(lanes)))
    return Layout(
        kind="highway",
        detail=f"a motorway of {lanes} lanes",
        network=network,
        speed_mps=speed,
        ego=SpawnLane(ego_lane, (("a", "b", None),), (EGO_START_M, EGO_START_M)),
        spawns=carriageway_spawns(network, ("a", "b"), OPPOSITE),
        sections=tuple(sections),
    )


def gentle_line(random: np.random.Generator, length_m: float) -> Curve:
    """Straights and bends of radius 450 to 2500 m."""
    pieces = []
    while sum(length for length, _ in pieces) < length_m:
        curvature = float(random.choice([-1.0, 0.0, 1.0])) / float(random.uniform(450.0, 2500.0))
        pieces.append((float(random.uniform(120.0, 300.0)), curvature))
    return winding((0.0, 0.0, float(random.uniform(-np.pi, np.pi))), pieces, ramp_m=60.0)


def motorway_section(random: np.random.Generator, line: Curve, lanes: int) -> Section:
    return Section(line, lanes, 0, float(random.uniform(3.5, 3.75)), gutter_m=2.6, left_gutter_m=1.0)


def other_carriageway(random: np.random.Generator, network: CurveNetwork, section: Section) -> list[Section]:
    """With even chances none, or as many lanes the other way beyond a median, as road `OPPOSITE`."""
    if random.random() < 0.5:
        return []
    median = float(random.uniform(3.0, 8.0)) + 2.0
    other = Section(section.line.offset(median).reversed(), section.forward, 0, section.lane_m, 2.6, 1.0)
    other.add_forward(network, *OPPOSITE, speed_limit_mps=36.0)
    return [other]


def carriageway_spawns(network: CurveNetwork, *roads: tuple[str, str]) -> tuple[SpawnLane, ...]:
    """All lanes of those roads that exist."""
    return tuple(
        SpawnLane((start, end, number), ((start, end, None),), (8.0, lane.length - 30.0))
        for start, end in roads
        for number, lane in enumerate(network.graph.get(start, {}).get(end, []))
    )
