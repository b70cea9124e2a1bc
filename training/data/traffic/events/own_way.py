"""The ego vehicle sets off, waits for people, or swerves."""

from dataclasses import replace

import numpy as np

from training.data.traffic.bodies import draw_body
from training.data.traffic.events.stage import Stage
from training.data.traffic.layouts.layout import CrossingSite
from training.data.traffic.road import Thing
from training.data.traffic.walkers import Walker, bumper_distance, crossing_way, stopping_distance

_LONG_REST = 0.4
"""Chance that a rest takes up much of a drive, as at a red light, which no table of nuScenes holds."""


class StartsFromRest:
    """The ego vehicle stands at first, for a reason that nothing shows, and sets off; perhaps after the drive."""

    def __init__(self, random: np.random.Generator) -> None:
        self.told = ""
        long = random.random() < _LONG_REST
        self._until_s = float(random.uniform(5.0, 40.0) if long else random.uniform(-0.5, 5.0))

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


def _turned(site: CrossingSite) -> CrossingSite:
    """The same crossing, walked the other way."""
    length = float(np.hypot(*(site.way_m[1] - site.way_m[0])))
    cuts = tuple(replace(cut, walk_m=(length - cut.walk_m[1], length - cut.walk_m[0])) for cut in site.cuts)
    return replace(site, way_m=site.way_m[::-1], cuts=cuts)
