"""A road of highway-env whose drivers see everything in their way, not only their own lane's vehicles."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from highway_env.road.road import LaneIndex, Road
from highway_env.vehicle.kinematics import Vehicle
from highway_env.vehicle.objects import Obstacle, RoadObject
from numpy.typing import NDArray

from training.data.traffic.bodies import Body
from training.data.traffic.network import CurveNetwork
from training.data.traffic.way import Way

_NEIGHBOUR_M = 130.0
_SIDE_MARGIN_M = 0.3


class Thing(Obstacle):
    """Something in the way that drives by itself no more, or never did: a cone, a parked truck, a person.

    Args:
        passable: Whether drivers go around it within their lane where it stands at the edge.
        keep_off_m: Room to stop before it, enough to pull out of the lane from there.
    """

    def __init__(
        self,
        body: Body,
        position_m: NDArray[np.float64],
        heading_rad: float,
        speed_mps: float = 0.0,
        passable: bool = False,
        keep_off_m: float = 0.0,
    ) -> None:
        super().__init__(None, position_m.tolist(), heading_rad, speed_mps)
        self.body, self.passable, self.keep_off_m = body, passable, keep_off_m
        self.LENGTH, self.WIDTH, _ = body.size_lwh_m


class _Snapshot:
    """Where everything is at one moment, as arrays."""

    def __init__(self, things: list[RoadObject]) -> None:
        self.things = things
        self.positions = np.array([thing.position for thing in things]).reshape(-1, 2)
        self.headings = np.array([thing.heading for thing in things])
        self.half_sizes = np.array([[thing.LENGTH / 2, thing.WIDTH / 2] for thing in things]).reshape(-1, 2)
        self.number = {id(thing): number for number, thing in enumerate(things)}

    def near(self, position: NDArray[np.float64], reach_m: float, but: RoadObject) -> NDArray[np.int64]:
        close = ((self.positions - position) ** 2).sum(axis=1) < reach_m**2
        if id(but) in self.number:
            close[self.number[id(but)]] = False
        return np.flatnonzero(close)


class TrafficRoad(Road):
    """Vehicles and things on a network; `look` before they act, then `step`.

    Vehicles pass through each other here; drives with collisions are thrown away afterwards.
    """

    network: CurveNetwork
    vehicles: list[Any]
    objects: list[Any]

    def __init__(self, network: CurveNetwork, random: np.random.Generator) -> None:
        super().__init__(network, vehicles=[], road_objects=[], np_random=cast(Any, random))
        self._seen = _Snapshot([])

    def look(self) -> None:
        """Takes in where everything is."""
        self._seen = _Snapshot([*self.vehicles, *self.objects])

    def step(self, dt: float) -> None:
        for vehicle in self.vehicles:
            vehicle.step(dt)

    def neighbour_vehicles(self, vehicle: Vehicle, lane_index: LaneIndex | None = None) -> tuple[Any, Any]:
        """What is next ahead and behind on a lane, as MOBIL asks."""
        lane = self.network.get_lane(cast(LaneIndex, lane_index or vehicle.lane_index))
        near = self._seen.near(vehicle.position, _NEIGHBOUR_M, vehicle)
        if not len(near):
            return None, None
        own = lane.local_coordinates(vehicle.position)[0]
        stations, offsets = lane.curve.locate(
            self._seen.positions[near], (own - _NEIGHBOUR_M - 10.0, own + _NEIGHBOUR_M + 10.0)
        )
        on_lane = (np.abs(offsets) < lane.width / 2 + 1.0) & (stations > -2.0) & (stations < lane.length + 2.0)
        ahead, behind = on_lane & (stations >= own), on_lane & (stations < own)
        front = near[np.argmin(np.where(ahead, stations, np.inf))] if ahead.any() else None
        rear = near[np.argmax(np.where(behind, stations, -np.inf))] if behind.any() else None
        return (
            None if front is None else self._seen.things[front],
            None if rear is None else self._seen.things[rear],
        )

    def around(self, way: Way, vehicle: Vehicle) -> "Around":
        """Everything near a vehicle's way, measured along and across it."""
        near = self._seen.near(vehicle.position, float(way.distances_m[-1]) + 8.0, vehicle)
        delta = self._seen.positions[near][:, None] - way.points_m
        nearest = np.argmin(np.einsum("ijk,ijk->ij", delta, delta), axis=1)
        x, y = delta[np.arange(len(near)), nearest].T
        headings = way.headings_rad[nearest]
        cos, sin = np.cos(headings), np.sin(headings)
        turn = self._seen.headings[near] - headings
        half_length, half_width = self._seen.half_sizes[near].T
        return Around(
            things=[self._seen.things[number] for number in near],
            along_m=way.distances_m[nearest] + x * cos + y * sin,
            across_m=y * cos - x * sin,
            reach_along_m=np.abs(np.cos(turn)) * half_length + np.abs(np.sin(turn)) * half_width,
            reach_across_m=np.abs(np.sin(turn)) * half_length + np.abs(np.cos(turn)) * half_width,
            until_m=float(way.distances_m[-1]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """Drivers and things near a way, each with its middle's place and half its extent along the way and to its left.

    Attributes:
        until_m: How far the way has been looked at.
    """

    things: list[Any]
    along_m: NDArray[np.float64]
    across_m: NDArray[np.float64]
    reach_along_m: NDArray[np.float64]
    reach_across_m: NDArray[np.float64]
    until_m: float

    def next_for(self, vehicle: Vehicle, offset_m: float) -> tuple[Any, float] | None:
        """The nearest thing that a vehicle would touch that keeps to an offset, and the free distance to it (m)."""
        touching = np.abs(self.across_m - offset_m) < vehicle.WIDTH / 2 + self.reach_across_m + _SIDE_MARGIN_M
        touching &= (self.along_m > 0.0) & (self.along_m < self.until_m + 4.0)
        if not touching.any():
            return None
        free = np.where(touching, self.along_m - self.reach_along_m - vehicle.LENGTH / 2, np.inf)
        first = int(np.argmin(free))
        return self.things[first], float(free[first])
