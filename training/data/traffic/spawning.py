"""Who is on the road at the start: vehicles on lanes, parked cars in bays, people on pavements."""

from dataclasses import dataclass, field, replace

import numpy as np
from highway_env.road.road import LaneIndex
from numpy.typing import NDArray

from training.data.traffic.bodies import Body, draw_body
from training.data.traffic.character import Character
from training.data.traffic.curve import Curve
from training.data.traffic.driver import Driver
from training.data.traffic.layouts.layout import Layout, SpawnLane
from training.data.traffic.road import TrafficRoad
from training.data.traffic.walkers import Walker
from waymend import ego_vehicle

EGO_BODY = Body("vehicle.car", (ego_vehicle.LENGTH_M, ego_vehicle.WIDTH_M, ego_vehicle.HEIGHT_M))
_KINDS = {
    True: {
        "vehicle.car": 0.76,
        "vehicle.truck": 0.07,
        "vehicle.bus.rigid": 0.03,
        "vehicle.motorcycle": 0.06,
        "vehicle.bicycle": 0.08,
    },
    False: {"vehicle.car": 0.76, "vehicle.truck": 0.16, "vehicle.bus.rigid": 0.04, "vehicle.motorcycle": 0.04},
}
"""Shares in towns and on motorways."""
_SMALL = ("vehicle.car", "vehicle.motorcycle", "vehicle.bicycle")
_FEWEST_DRIVERS, _MOST_DRIVERS = 8, 38
_MOST_PARKED = 36
_MOST_STROLLERS = 24
_UNSTEADINESS_MPS2 = (0.2, 0.8)
_CALM_GAP_S, _BRISK_GAP_S = 2.0, 0.6
_BICYCLE_MPS = (3.5, 6.0)


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A body that stays where it is."""

    body: Body
    position_m: NDArray[np.float64]
    heading_rad: float


@dataclass(slots=True)
class _Taken:
    """Stations of the vehicles on each lane, with half their lengths."""

    places: dict[LaneIndex, list[tuple[float, float]]] = field(default_factory=dict)

    def free(self, lane_index: LaneIndex, station_m: float, half_m: float, gap_m: float) -> bool:
        return all(
            abs(station - station_m) > half + half_m + gap_m for station, half in self.places.get(lane_index, [])
        )

    def take(self, lane_index: LaneIndex, station_m: float, half_m: float) -> None:
        self.places.setdefault(lane_index, []).append((station_m, half_m))


def draw_character(random: np.random.Generator, speed_mps: float) -> Character:
    """Someone calm or brisk, around the usual speed."""
    brisk = float(random.uniform(0.0, 1.0))
    return Character(
        cruise_mps=float(speed_mps * np.clip(random.normal(1.0, 0.1), 0.75, 1.25)),
        time_gap_s=float(_CALM_GAP_S * (_BRISK_GAP_S / _CALM_GAP_S) ** brisk + random.uniform(-0.1, 0.1)),
        jam_gap_m=float(random.uniform(1.8, 3.5)),
        acceleration_mps2=float(1.2 + 0.9 * brisk),
        braking_mps2=float(1.7 + 1.0 * brisk),
        politeness=float(random.uniform(0.0, 0.5)),
        lateral_mps2=float(1.8 + 1.0 * brisk),
        lane_change_s=float(random.uniform(3.2, 5.0)),
        unsteadiness_mps2=float(random.uniform(*_UNSTEADINESS_MPS2)),
    )


def spawn_ego(road: TrafficRoad, layout: Layout, random: np.random.Generator, speed_share: float) -> Driver:
    """The ego vehicle, at a share of the usual speed."""
    spawn = layout.ego
    character = replace(draw_character(random, layout.speed_mps), cruise_mps=layout.speed_mps)
    speed = min(layout.speed_mps, _entry_speed(road, layout, spawn.lane_index, spawn.stations_m[0])) * speed_share
    ego = Driver(road, spawn.lane_index, spawn.stations_m[0], EGO_BODY, character, speed, spawn.route)
    road.vehicles.append(ego)
    return ego


def spawn_traffic(road: TrafficRoad, layout: Layout, ego: Driver, random: np.random.Generator) -> None:
    """Vehicles on all lanes where they may start, from a few to a great many."""
    taken = _Taken()
    taken.take(ego.lane_index, layout.ego.stations_m[0], ego.LENGTH / 2 + 6.0)
    wanted = int(random.integers(_FEWEST_DRIVERS, _MOST_DRIVERS + 1))
    weights = np.array([spawn.density * (spawn.stations_m[1] - spawn.stations_m[0]) for spawn in layout.spawns])
    for _ in range(3 * wanted):
        if len(road.vehicles) > wanted:
            return
        spawn = layout.spawns[int(random.choice(len(weights), p=weights / weights.sum()))]
        near = random.random() < 0.5 and spawn.lane_index[:2] == ego.lane_index[:2]
        station = _near_station(layout, spawn, random) if near else float(random.uniform(*spawn.stations_m))
        _try_spawn(road, layout, spawn, station, taken, random)


def spawn_at(
    road: TrafficRoad, layout: Layout, lane_index: LaneIndex, station_m: float, body: Body, character: Character
) -> Driver | None:
    """A vehicle at a chosen place, with the route of those that start there; None where someone is."""
    spawn = next((spawn for spawn in layout.spawns if spawn.lane_index == lane_index), None)
    lane = road.network.get_lane(lane_index)
    if spawn is None or not 5.0 < station_m < lane.length - 10.0:
        return None
    place = lane.position(station_m, 0.0)
    for other in road.vehicles:
        if np.hypot(*(other.position - place)) < (other.LENGTH + body.size_lwh_m[0]) / 2 + 3.0:
            return None
    speed = min(character.cruise_mps, _entry_speed(road, layout, lane_index, station_m))
    driver = Driver(road, lane_index, station_m, body, character, speed, spawn.route)
    road.vehicles.append(driver)
    return driver


def park_cars(layout: Layout, random: np.random.Generator) -> list[Still]:
    """Cars in some of the places of the parking bays; the drivers' sight ends before most of them."""
    occupied = float(random.uniform(0.2, 0.9))
    parked = []
    for strip in layout.parking:
        forward = strip.side < 0
        for station in np.arange(strip.start_m + 4.0, strip.end_m - 4.0, 6.4):
            if random.random() > occupied:
                continue
            body = draw_body("vehicle.car", random)
            place = float(station + random.uniform(-0.3, 0.3))
            middle = (strip.inner_m + strip.outer_m) / 2 + float(random.normal(0.0, 0.06))
            heading = float(strip.section.line.poses(place)[0, 2]) + float(random.normal(0.0, 0.015))
            position = strip.section.line.points(place, middle)[0]
            parked.append(Still(body, position, heading if forward else heading + np.pi))
    return parked


def nearest_first(parked: list[Still], place_m: NDArray[np.float64]) -> list[Still]:
    """The parked cars that matter: the nearest to a place."""
    return sorted(parked, key=lambda still: float(np.hypot(*(still.position_m - place_m))))[:_MOST_PARKED]


def spawn_strollers(layout: Layout, near_m: NDArray[np.float64], random: np.random.Generator) -> list[Walker]:
    """People who walk along the pavements near a place."""
    walkers = []
    for _ in range(int(random.integers(0, _MOST_STROLLERS + 1)) if layout.walks else 0):
        walk = layout.walks[int(random.integers(len(layout.walks)))]
        middle = float(walk.locate(near_m[None])[0][0]) + float(random.uniform(-40.0, 70.0))
        start = float(np.clip(middle, 3.0, walk.length_m - 6.0))
        way = _stretch(walk.offset(float(random.uniform(-0.7, 0.7))), start, bool(random.random() < 0.5))
        walkers.append(Walker(draw_body("human.pedestrian.adult", random), way, float(random.uniform(0.9, 1.7))))
    return walkers


def _stretch(walk: Curve, start_m: float, backwards: bool) -> Curve:
    return walk.piece(0.0, start_m).reversed() if backwards else walk.piece(start_m, walk.length_m)


def _near_station(layout: Layout, spawn: SpawnLane, random: np.random.Generator) -> float:
    """Around the ego vehicle rather than anywhere."""
    middle = layout.ego.stations_m[0] + float(random.normal(10.0, 45.0))
    return float(np.clip(middle, *spawn.stations_m))


def _try_spawn(
    road: TrafficRoad, layout: Layout, spawn: SpawnLane, station_m: float, taken: _Taken, random: np.random.Generator
) -> None:
    body = draw_body(_draw_kind(layout, spawn, random), random)
    character = draw_character(random, layout.speed_mps)
    bicycle = body.category == "vehicle.bicycle"
    if bicycle:
        character = replace(character, cruise_mps=float(random.uniform(*_BICYCLE_MPS)), acceleration_mps2=0.8)
    elif body.size_lwh_m[0] > 6.0:
        character = replace(character, cruise_mps=0.88 * character.cruise_mps, acceleration_mps2=0.9)
    speed = min(character.cruise_mps, _entry_speed(road, layout, spawn.lane_index, station_m))
    half = body.size_lwh_m[0] / 2
    if not taken.free(spawn.lane_index, station_m, half, 3.0 + 0.9 * layout.speed_mps):
        return
    taken.take(spawn.lane_index, station_m, half)
    lane = road.network.get_lane(spawn.lane_index)
    offset = -(lane.width / 2 - 0.65) if bicycle else float(np.clip(random.normal(0.0, 0.12), -0.25, 0.25))
    driver = Driver(
        road, spawn.lane_index, station_m, body, character, speed, spawn.route, offset, changes_lanes=not bicycle
    )
    road.vehicles.append(driver)


def _draw_kind(layout: Layout, spawn: SpawnLane, random: np.random.Generator) -> str:
    kinds = _KINDS[layout.urban]
    names = [name for name in kinds if spawn.large_vehicles or name in _SMALL]
    weights = np.array([kinds[name] for name in names])
    return names[int(random.choice(len(names), p=weights / weights.sum()))]


def _entry_speed(road: TrafficRoad, layout: Layout, lane_index: LaneIndex, station_m: float) -> float:
    """Greatest speed from which the stop line of an approach, or the next bend, is easily respected."""
    lane = road.network.get_lane(lane_index)
    curvature = float(
        lane.curvatures[(lane.curve.stations_m >= station_m - 1) & (lane.curve.stations_m < station_m + 30)].max()
    )
    limit = float(np.sqrt(2.2 / max(curvature, 1e-4)))
    if layout.junction and lane_index[:2] in layout.junction.approaches:
        limit = min(limit, float(np.sqrt(2 * 1.8 * max(lane.length - station_m - layout.junction.stop_m - 5.0, 0.0))))
    return limit
