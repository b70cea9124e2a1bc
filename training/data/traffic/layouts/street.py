"""A winding street in a town, with parked cars, pavements and crossings."""

import numpy as np

from training.data.traffic.curve import Curve, winding
from training.data.traffic.layouts.layout import CrossingSite, Layout, SpawnLane, site_on
from training.data.traffic.layouts.section import ParkingStrip, Section, bay_m
from training.data.traffic.network import CurveNetwork

_EGO_START_M = 70.0
_DRIVEN_S = 28.0
_CROSSING_M = 3.4


def street(random: np.random.Generator) -> Layout:
    speed = float(random.uniform(5.0, 15.0))
    line = _winding_line(random, speed * _DRIVEN_S + _EGO_START_M + 120.0)
    lanes = int(random.choice([1, 2], p=[0.45, 0.55]))
    section = Section(line, lanes, lanes, float(random.uniform(3.2, 3.6)), gutter_m=float(random.uniform(0.3, 0.6)))
    network = CurveNetwork()
    section.add_forward(network, "a", "b", speed_limit_mps=20.0)
    section.add_backward(network, "c", "d", speed_limit_mps=20.0)
    places = _crossing_stations(random, line.length_m, speed)
    crossings = tuple(crossing_at(network, section, station, painted) for station, painted in places)
    parking = _parking(random, section, [station for station, _ in places])
    ego_lane = ("a", "b", int(random.integers(lanes)))
    walkway = float(random.uniform(2.4, 4.0))
    return Layout(
        kind="street",
        detail=f"a street with {lanes} {'lane' if lanes == 1 else 'lanes'} each way",
        network=network,
        speed_mps=speed,
        ego=SpawnLane(ego_lane, (("a", "b", None),), (_EGO_START_M, _EGO_START_M)),
        spawns=_spawns(lanes, line.length_m),
        sections=(section,),
        parking=parking,
        crossings=crossings,
        walkway_m=walkway,
        walks=walks_along(section, parking, walkway),
    )


def crossing_at(network: CurveNetwork, section: Section, station_m: float, painted: bool) -> CrossingSite:
    """Straight across a section, from 2 m beyond one kerb to 2 m beyond the other."""
    right, left = section.right_kerb_m, section.left_kerb_m
    area = section.strip(station_m, station_m + _CROSSING_M, right, left)
    middle = station_m + _CROSSING_M / 2
    ends = [section.line.points(middle, right - 2.0)[0], section.line.points(middle, left + 2.0)[0]]
    return site_on(network, area, np.array(ends), painted)


def walks_along(section: Section, parking: tuple[ParkingStrip, ...], walkway_m: float) -> tuple[Curve, ...]:
    """Lines in the middle of the pavements on both sides, beyond the parking bays."""
    walks = []
    for side, kerb in ((-1, section.right_kerb_m), (1, section.left_kerb_m)):
        walks.append(section.line.offset(kerb + side * (bay_m(section, parking, side) + walkway_m / 2)))
    return tuple(walks)


def _winding_line(random: np.random.Generator, length_m: float) -> Curve:
    """Straights and bends of radius 25 to 400 m that never turn back on themselves."""
    pieces = [(_EGO_START_M * float(random.uniform(0.6, 1.2)), 0.0)]
    heading = 0.0
    while sum(length for length, _ in pieces) < length_m:
        radius = float(np.exp(random.uniform(np.log(25.0), np.log(400.0))))
        angle = float(min(random.uniform(0.25, 1.5), 140.0 / radius))
        side = -np.sign(heading) if abs(heading) > 0.7 else random.choice([-1.0, 1.0])
        heading += side * angle
        pieces += [(radius * angle, float(side) / radius), (float(random.uniform(20.0, 110.0)), 0.0)]
    start = (0.0, 0.0, float(random.uniform(-np.pi, np.pi)))
    return winding(start, pieces, ramp_m=14.0)


def _crossing_stations(random: np.random.Generator, length_m: float, speed_mps: float) -> list[tuple[float, bool]]:
    """One crossing that the vehicle reaches some seconds after its start, perhaps another farther on."""
    first = _EGO_START_M + 35.0 + speed_mps * float(random.uniform(5.0, 14.0))
    stations = [first]
    if first + 60.0 < length_m - 60.0 and random.random() < 0.5:
        stations.append(float(random.uniform(first + 50.0, length_m - 50.0)))
    return [(station, bool(random.random() < 0.75)) for station in stations]


def _parking(random: np.random.Generator, section: Section, crossings_m: list[float]) -> tuple[ParkingStrip, ...]:
    """Bays on both sides, one or none, left out around the crossings."""
    sides = [(-1,), (1,), (-1, 1), ()][int(random.choice(4, p=[0.25, 0.15, 0.45, 0.15]))]
    edges = [5.0]
    for station in sorted(crossings_m):
        edges += [station - 9.0, station + _CROSSING_M + 7.0]
    edges.append(section.line.length_m - 5.0)
    spans = [(low, high) for low, high in zip(edges[::2], edges[1::2], strict=True) if high - low > 15.0]
    return tuple(ParkingStrip(section, side, low, high) for side in sides for low, high in spans)


def _spawns(lanes: int, length_m: float) -> tuple[SpawnLane, ...]:
    roads = (("a", "b"), ("c", "d"))
    return tuple(
        SpawnLane((start, end, lane), ((start, end, None),), (8.0, length_m - 20.0))
        for start, end in roads
        for lane in range(lanes)
    )
