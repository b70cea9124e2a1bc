"""A vehicle ahead that brakes, dawdles, or stops and goes."""

from dataclasses import replace

import numpy as np

from training.data.traffic.bodies import draw_body
from training.data.traffic.driver import Driver
from training.data.traffic.events.stage import Stage
from training.data.traffic.spawning import draw_character, spawn_at

_SLOWEST_LEAD_MPS = 3.0


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
