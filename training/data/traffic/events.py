"""What is staged around the ego vehicle, and whether it came to pass."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from training.data.traffic.bodies import draw_body
from training.data.traffic.driver import Driver
from training.data.traffic.layouts.layout import CrossingSite, Layout
from training.data.traffic.road import Thing, TrafficRoad
from training.data.traffic.spawning import draw_character, spawn_at
from training.data.traffic.walkers import Walker, bumper_distance, crossing_way, stopping_distance


@dataclass(slots=True)
class Stage:
    """The world that events act on."""

    layout: Layout
    road: TrafficRoad
    ego: Driver
    walkers: list[Walker]
    random: np.random.Generator

    @property
    def drivers(self) -> list[Driver]:
        """Everyone who drives, the ego vehicle first."""
        return self.road.vehicles


_KEEP_OFF_M = 6.0
_SLOWEST_LEAD_MPS = 3.0


class Event(Protocol):
    """Something staged; `told` says what happened, empty while it has not."""

    told: str

    def prepare(self, stage: Stage) -> None:
        """Puts what it needs into the world, before the start."""
        ...

    def tick(self, stage: Stage, time_s: float) -> None:
        """Acts, before the drivers decide; time 0 is where the recording begins."""
        ...


def leader_of(stage: Stage, within_m: float) -> Driver | None:
    """The vehicle next ahead on the ego vehicle's lane."""
    front, _ = stage.road.neighbour_vehicles(stage.ego)
    if not isinstance(front, Driver) or stage.ego.lane_distance_to(front) > within_m:
        return None
    return front


def put_leader(stage: Stage, gap_s: float, speed_share: float = 1.0) -> Driver | None:
    """Someone some seconds ahead on the ego vehicle's lane, going the same way."""
    ego = stage.ego
    station = stage.layout.ego.stations_m[0] + 7.0 + gap_s * max(ego.speed, 1.0)
    character = replace(draw_character(stage.random, stage.layout.speed_mps), cruise_mps=ego.cruise_mps * speed_share)
    body = draw_body("vehicle.car", stage.random)
    driver = spawn_at(stage.road, stage.layout, ego.lane_index, station, body, character)
    if driver:
        driver.route, driver.changes_lanes = list(stage.layout.ego.route), False
        driver.speed = min(driver.speed, ego.speed if ego.speed > 0 else driver.speed)
    return driver


class LeadBrakes:
    """The vehicle ahead brakes hard, to a crawl or to a stop, and drives on after a while."""

    def __init__(self, random: np.random.Generator) -> None:
        self.told = ""
        self._at_s, self._hold_s = float(random.uniform(1.5, 9.0)), float(random.uniform(0.5, 4.0))
        self._braking_mps2, self._down_to = float(random.uniform(3.0, 5.5)), float(random.choice([0.0, 0.35]))
        self._lead: Driver | None = None
        self._slow_since_s: float | None = None

    def prepare(self, stage: Stage) -> None:
        put_leader(stage, gap_s=2.0, speed_share=0.97)

    def tick(self, stage: Stage, time_s: float) -> None:
        if self._lead is None and self._at_s <= time_s < self._at_s + 6.0:
            lead = leader_of(stage, 20.0 + 2.5 * stage.ego.speed)
            if lead and lead.speed > 3.0:
                self._lead, self._floor_mps = lead, self._down_to * lead.speed
                self.told = "the vehicle ahead brakes hard"
        elif self._lead is not None:
            self._brake(self._lead, time_s)

    def _brake(self, lead: Driver, time_s: float) -> None:
        if self._slow_since_s is None and lead.speed <= self._floor_mps + 0.3:
            self._slow_since_s = time_s
        over = self._slow_since_s is not None and time_s > self._slow_since_s + self._hold_s
        braking = -self._braking_mps2 if self._slow_since_s is None else 0.0
        lead.scripted_mps2 = None if over else braking


class SlowLead:
    """The vehicle ahead is slower than the ego vehicle wants to be."""

    def __init__(self, random: np.random.Generator) -> None:
        self.told = ""
        self._share, self._gap_s = float(random.uniform(0.4, 0.7)), float(random.uniform(2.5, 5.0))

    def prepare(self, stage: Stage) -> None:
        share = max(self._share, min(_SLOWEST_LEAD_MPS / stage.ego.cruise_mps, 0.8))
        self._lead = put_leader(stage, self._gap_s, share)

    def tick(self, stage: Stage, time_s: float) -> None:
        if time_s > 0.0 and self._lead and leader_of(stage, 15.0 + 2.5 * stage.ego.speed) is self._lead:
            self.told = "a slow vehicle ahead"


class StopAndGo:
    """A jam ahead that stops and moves on, again and again."""

    def __init__(self, random: np.random.Generator, standing: bool = False) -> None:
        self.told = ""
        self._standing = standing
        self._period_s = float(random.uniform(30.0, 60.0) if standing else random.uniform(8.0, 14.0))
        self._shift_s = float(random.uniform(0.0, 5.0))
        self._share = float(random.uniform(0.3, 0.6))

    def prepare(self, stage: Stage) -> None:
        self._lead = put_leader(stage, gap_s=1.5)
        self._whole_mps = stage.ego.cruise_mps * self._share

    def tick(self, stage: Stage, time_s: float) -> None:
        if self._lead is None:
            return
        stops = (time_s + 5.0 + self._shift_s) % self._period_s < self._period_s * (0.8 if self._standing else 0.5)
        self._lead.cruise_mps = self._whole_mps
        self._lead.scripted_mps2 = -2.2 if stops else None
        if time_s > 0.0 and stage.ego.speed < 1.0 and leader_of(stage, 20.0) is self._lead:
            self.told = "traffic stands still" if self._standing else "traffic stops and goes"


class StartsFromRest:
    """The ego vehicle stands at first and then sets off."""

    def __init__(self, random: np.random.Generator) -> None:
        self.told = ""
        self._until_s = float(random.uniform(-0.5, 5.0))

    def prepare(self, stage: Stage) -> None:
        stage.ego.speed = 0.0

    def tick(self, stage: Stage, time_s: float) -> None:
        stage.ego.scripted_mps2 = -1.0 if time_s < self._until_s else None
        if time_s > self._until_s and stage.ego.speed > 1.0:
            self.told = "the vehicle sets off from rest"


class PartlyBlocked:
    """A car stands at the kerb and reaches into the ego vehicle's lane, which has room to pass."""

    def __init__(self, random: np.random.Generator) -> None:
        self.told = ""
        self._ahead_s, self._room_m = float(random.uniform(6.5, 10.0)), float(random.uniform(2.05, 2.5))

    def prepare(self, stage: Stage) -> None:
        """On the rightmost lane only, on a road without a junction."""
        ego, random = stage.ego, stage.random
        index, lane = ego.lane_index, stage.road.network.get_lane(ego.lane_index)
        self._station_m = stage.layout.ego.stations_m[0] + max(self._ahead_s * ego.cruise_mps, 40.0)
        self._possible = (*index[:2], index[2] + 1) not in [spawn.lane_index for spawn in stage.layout.spawns]
        near_crossing = any(
            abs(cut.lane_m[0] - self._station_m) < 15.0
            for site in stage.layout.crossings
            for cut in site.cuts
            if cut.lane_index == index
        )
        self._possible &= not near_crossing
        if not self._possible:
            return
        body = draw_body("vehicle.car", random)
        offset = lane.width / 2 - self._room_m - body.size_lwh_m[1] / 2
        heading = lane.heading_at(self._station_m) + float(random.normal(0.0, 0.02))
        thing = Thing(body, lane.position(self._station_m, offset), heading, passable=True)
        stage.road.objects.append(thing)

    def tick(self, stage: Stage, time_s: float) -> None:
        if not self._possible or time_s < 0.0:
            return
        station, lateral = stage.ego.lane.local_coordinates(stage.ego.position)
        if abs(station - self._station_m) < 3.0 and lateral > 0.25:
            self.told = "the vehicle swerves around a parked car"


class CutIn:
    """Someone from the next lane moves in front of the ego vehicle, closely."""

    def __init__(self, random: np.random.Generator) -> None:
        self.told = ""
        self._from_s = float(random.uniform(0.5, 8.0))
        self._gap_s = (0.5, float(random.uniform(0.9, 1.5)))
        self._candidates: list[Driver] = []
        self.done_by: Driver | None = None

    def prepare(self, stage: Stage) -> None:
        """Puts two candidates into the neighbouring lanes."""
        ego, layout = stage.ego, stage.layout
        for index in stage.road.network.side_lanes(ego.lane_index):
            if index in layout.barred:
                continue
            station = layout.ego.stations_m[0] + 8.0 + float(stage.random.uniform(0.2, 0.7)) * ego.speed
            character = replace(draw_character(stage.random, layout.speed_mps), cruise_mps=0.94 * ego.cruise_mps)
            body = draw_body("vehicle.car", stage.random)
            driver = spawn_at(stage.road, layout, index, station, body, character)
            if driver:
                driver.changes_lanes = False
                self._candidates.append(driver)

    def tick(self, stage: Stage, time_s: float) -> None:
        ego = stage.ego
        if not self.done_by and time_s < self._from_s + 9.0:
            self._keep_level(ego)
        settled = ego.lane_index == ego.target_lane_index and ego.speed > 3.0
        if self.done_by or not self._from_s <= time_s < self._from_s + 9.0 or not settled:
            return
        sides = stage.road.network.side_lanes(ego.lane_index)
        for other in stage.drivers:
            if other.target_lane_index in sides and self._close(ego, other):
                other.target_lane_index = ego.lane_index
                other.character = replace(other.character, lane_change_s=3.2)
                self.done_by, self.told = other, "a vehicle cuts in"
                return

    def _keep_level(self, ego: Driver) -> None:
        """Candidates stay a little ahead of the ego vehicle, so that one of them can move in."""
        for candidate in self._candidates:
            wanted_m = ego.LENGTH + 0.8 * sum(self._gap_s) / 2 * ego.speed
            ahead_m = ego.lane_distance_to(candidate)
            candidate.cruise_mps = max(ego.speed + 0.3 * (wanted_m - ahead_m), 0.4 * ego.cruise_mps, 2.0)

    def _close(self, ego: Driver, other: Driver) -> bool:
        free = ego.lane_distance_to(other) - (ego.LENGTH + other.LENGTH) / 2
        nearest, farthest = (gap * ego.speed for gap in self._gap_s)
        room = other.lane.length - other.lane.local_coordinates(other.position)[0]
        slow = other.speed < 3.0 or other.body.category == "vehicle.bicycle" or other.speed < 0.6 * ego.speed
        return max(nearest, 4.0) < free < max(farthest, 8.0) and room > 60.0 and not slow


class PersonCrosses:
    """Someone waits at a crossing ahead and goes when the ego vehicle comes near but can stop."""

    def __init__(self, random: np.random.Generator) -> None:
        self.told = ""
        self._spare_s = float(random.uniform(0.1, 1.5))
        self._braking_mps2 = float(random.uniform(2.2, 4.0))
        self._people = int(random.choice([1, 2, 3], p=[0.6, 0.25, 0.15]))
        self.walkers: list[Walker] = []

    def prepare(self, stage: Stage) -> None:
        self._site = self._site_ahead(stage)
        if self._site is None:
            return
        for number in range(self._people):
            backwards, before = bool(stage.random.random() < 0.5), float(stage.random.uniform(0.5, 6.0))
            way = crossing_way(self._site, backwards, before, stage.random)
            body = draw_body("human.pedestrian.adult", stage.random)
            pace = float(stage.random.uniform(1.1, 1.7)) + 0.1 * number
            site = _turned(self._site) if backwards else self._site
            walker = Walker(body, way, pace, site, kerb_m=before, braking_mps2=self._braking_mps2)
            self.walkers.append(walker)
            stage.walkers.append(walker)
            stage.road.objects.append(walker)

    def tick(self, stage: Stage, time_s: float) -> None:
        if self._site is None:
            return
        distances = [bumper_distance(stage.ego, cut) for cut in self._site.cuts]
        nearest = min((d for d in distances if d is not None and d > 0.0), default=None)
        needed = stopping_distance(stage.ego.speed, self._braking_mps2) + self._spare_s * stage.ego.speed
        near = nearest is not None and nearest < max(needed, 14.0)
        for walker in self.walkers:
            walker.released |= near and time_s > -1.0
            if walker.started and near and time_s > 0.0:
                self.told = "a pedestrian crosses"

    def _site_ahead(self, stage: Stage) -> CrossingSite | None:
        """The first crossing on the ego vehicle's route."""
        roads = [road[:2] for road in stage.layout.ego.route]
        sites = [
            (roads.index(cut.lane_index[:2]), cut.lane_m[0], number)
            for number, site in enumerate(stage.layout.crossings)
            for cut in site.cuts
            if cut.lane_index[:2] in roads
        ]
        return stage.layout.crossings[min(sites)[2]] if sites else None


class LaneBlocked:
    """A broken-down vehicle, with cones behind it, stands on the ego vehicle's lane beside another one."""

    def __init__(self, random: np.random.Generator) -> None:
        self.told = ""
        self._ahead_s = float(random.uniform(8.0, 13.0))

    def prepare(self, stage: Stage) -> None:
        ego, random = stage.ego, stage.random
        lane = stage.road.network.get_lane(ego.lane_index)
        self._station_m = stage.layout.ego.stations_m[0] + max(self._ahead_s * ego.cruise_mps, 60.0)
        self._lane_index = ego.lane_index
        self._possible = bool(stage.road.network.side_lanes(ego.lane_index)) and self._station_m < lane.length - 60.0
        if not self._possible:
            return
        kind = str(random.choice(["vehicle.truck", "vehicle.car"]))
        body = draw_body(kind, random)
        middle, heading = lane.position(self._station_m, 0.0), lane.heading_at(self._station_m)
        things = [Thing(body, middle, heading, keep_off_m=_KEEP_OFF_M)]
        category = str(random.choice(["movable_object.trafficcone", "movable_object.barrier"]))
        for number in range(int(random.integers(2, 6))):
            station = self._station_m - body.size_lwh_m[0] / 2 - 2.5 - 3.0 * number
            position = lane.position(station, float(random.normal(0.0, 0.25)))
            things.append(
                Thing(draw_body(category, random), position, lane.heading_at(station), keep_off_m=_KEEP_OFF_M)
            )
        stage.road.objects.extend(things)

    def tick(self, stage: Stage, time_s: float) -> None:
        if not self._possible or time_s < 0.0:
            return
        ego = stage.ego
        station = stage.road.network.get_lane(self._lane_index).local_coordinates(ego.position)[0]
        if ego.lane_index != self._lane_index and 0.0 < self._station_m - station < 60.0:
            self.told = "a blocked lane makes the vehicle change lane"


def _turned(site: CrossingSite) -> CrossingSite:
    """The same crossing, walked the other way."""
    length = float(np.hypot(*(site.way_m[1] - site.way_m[0])))
    cuts = tuple(replace(cut, walk_m=(length - cut.walk_m[1], length - cut.walk_m[0])) for cut in site.cuts)
    return replace(site, way_m=site.way_m[::-1], cuts=cuts)
