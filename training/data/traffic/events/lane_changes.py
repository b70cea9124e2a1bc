"""Lane changes: somebody else's in front of the ego vehicle, or its own where its lane is closed."""

from dataclasses import replace

import numpy as np

from training.data.traffic.bodies import draw_body
from training.data.traffic.driver import Driver
from training.data.traffic.events.stage import Stage
from training.data.traffic.road import Thing
from training.data.traffic.spawning import draw_character, spawn_at

_KEEP_OFF_M = 6.0


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
