"""A driver: highway-env's IDM and MOBIL, with human lane changes, bends, stop lines and everything in the way."""

import math
from typing import Any, cast

import numpy as np
from highway_env.road.road import LaneIndex
from highway_env.utils import not_zero, wrap_to_pi
from highway_env.vehicle.behavior import IDMVehicle
from highway_env.vehicle.kinematics import Vehicle
from highway_env.vehicle.objects import Obstacle, RoadObject

from training.data.traffic.bodies import Body
from training.data.traffic.character import Character, SideStep, Unsteadiness
from training.data.traffic.curve_lane import CurveLane
from training.data.traffic.road import Around, TrafficRoad
from training.data.traffic.way import Way, way_along

_LOOK_AHEAD_M = 25.0
_LOOK_AHEAD_S = 4.5
_TURN_RATE_RADPS = 0.55
_HARDEST_MPS2 = 6.0
_BRAKE_MPS3, _RELEASE_MPS3, _PUSH_MPS3 = 12.0, 8.0, 3.0
"""How fast braking builds up, how fast it is released, how fast acceleration builds up."""
_STANDING_MPS = 0.15
_STEADY_BELOW_MPS = 3.0
_STEERING_RAD = 0.6
_SLANT_RAD = 0.35
"""Greatest angle to the lane."""
_DECISION_S = 0.1
_PASSING_S, _PASSING_GAP_M, _OVER_THE_LINE_M = 2.5, 0.55, 0.35
"""Time to move over, distance that is kept, and how far the left wheels go over the line at the most."""
_BLOCKED_WITHIN_M, _BLOCKED_WITHIN_S, _MOST_IMPOSED_MPS2 = 35.0, 6.0, 2.0
_MOST_IMPOSED_STANDING_MPS2 = 4.0


class Driver(IDMVehicle):
    """A vehicle with a body, a character and a route, on a `TrafficRoad` of `CurveLane`s.

    Args:
        station_m: Of its middle on its first lane.
        route: In highway-env's form, beginning with the first lane's road.
        offset_m: How far to the left of the lane's middle it keeps.
        changes_lanes: Whether it looks for a better lane where its route leaves the choice.
    """

    TAU_PURSUIT = IDMVehicle.TAU_HEADING
    road: TrafficRoad
    lane: CurveLane
    lane_index: LaneIndex
    target_lane_index: LaneIndex
    route: list[Any]
    action: dict[str, float]

    def __init__(
        self,
        road: TrafficRoad,
        lane_index: LaneIndex,
        station_m: float,
        body: Body,
        character: Character,
        speed_mps: float,
        route: tuple[tuple[str, str, int | None], ...],
        offset_m: float = 0.0,
        changes_lanes: bool = True,
    ) -> None:
        lane = road.network.get_lane(lane_index)
        self.LENGTH, self.WIDTH, _ = body.size_lwh_m
        position, heading = lane.position(station_m, offset_m), lane.heading_at(station_m)
        super().__init__(road, position, heading, speed_mps, lane_index, character.cruise_mps, cast(Any, list(route)))
        self.lane_index, self.lane = lane_index, lane
        self.body, self.character = body, character
        self.cruise_mps = character.cruise_mps
        self.offset_m, self.changes_lanes = offset_m, changes_lanes
        self.passable, self.keep_off_m = body.category == "vehicle.bicycle", 0.0
        self.scripted_mps2: float | None = None
        self.granted: LaneIndex | None = None
        self.stopped_since_s: float | None = None
        self._take_on(character)
        self._clock_s, self._planned_for = 0.0, None
        self._meant_mps2, self._unsteadiness = 0.0, Unsteadiness(character.unsteadiness_mps2)
        self._side_step = SideStep(0.0, 1.0, offset_m, offset_m)
        self._aimed_at = lane_index
        self._stop_m: float | None = None
        self._stop_mark = Obstacle(None, [0.0, 0.0])
        self._stop_mark.LENGTH = 0.0

    def _take_on(self, character: Character) -> None:
        """Character as highway-env's parameters."""
        self.TIME_WANTED, self.DISTANCE_WANTED = character.time_gap_s, character.jam_gap_m
        self.COMFORT_ACC_MAX, self.COMFORT_ACC_MIN = character.acceleration_mps2, -character.braking_mps2
        self.POLITENESS = character.politeness

    @property
    def plan(self) -> list[LaneIndex]:
        """Lanes from the one it aims for, along its route, as far as it looks or the roads go."""
        if self._planned_for != self.target_lane_index:
            self._planned_for = self.target_lane_index
            self._plan = self._lanes_from(self.target_lane_index)
        return self._plan

    def lanes_ahead(self) -> list[tuple[LaneIndex, float]]:
        """Lanes of the plan with the distance (m) from its middle to their start, negative for the one it is on."""
        start = -self.road.network.get_lane(self.target_lane_index).local_coordinates(self.position)[0]
        ahead = []
        for index in self.plan:
            ahead.append((index, start))
            start += self.road.network.get_lane(index).length
        return ahead

    def hold(self, distance_m: float) -> None:
        """Asks to stop with the front bumper within this distance, until the next decision."""
        self._stop_m = distance_m if self._stop_m is None else min(self._stop_m, distance_m)

    def act(self, action: dict | str | None = None) -> None:
        self.follow_road()
        aimed_at = self.target_lane_index
        ways, around = self._look()
        if self._blocked(around[0]):
            self._leave_lane()
        elif self.changes_lanes or self._must_change():
            self.change_lane_policy()
        if self.target_lane_index != aimed_at:
            ways, around = self._look()
        self._begin_side_step(around[0])
        steering = self.steering_control(self.target_lane_index)
        Vehicle.act(self, {"steering": steering, "acceleration": self._pedals(ways[0], around)})
        self._stop_m = None

    def step(self, dt: float) -> None:
        self._clock_s += dt
        super().step(dt)
        if self.speed < _STANDING_MPS and self.action["acceleration"] <= 0.1:
            self.speed = 0.0

    def on_state_update(self) -> None:
        """Follows which lane it is on, among the one that it was on and the one that it aims for."""
        if self.lane_index == self.target_lane_index:
            return
        current, target = self.lane, self.road.network.get_lane(self.target_lane_index)
        if self.lane_index[:2] == self.target_lane_index[:2]:
            beyond = abs(target.local_coordinates(self.position)[1]) < abs(current.local_coordinates(self.position)[1])
        else:
            beyond = target.local_coordinates(self.position)[0] >= 0.0
        if beyond:
            self.lane_index, self.lane = self.target_lane_index, target

    @property
    def at_end(self) -> bool:
        """Whether its road ends here and none goes on."""
        return self.lane_index[1] not in self.road.network.graph and (
            self.lane.local_coordinates(self.position)[0] > self.lane.length - self.LENGTH / 2
        )

    def desired_gap(self, ego_vehicle: Vehicle, front_vehicle: Any = None, projected: bool = True) -> float:
        """IDM's desired distance between the middles; the jam distance counts from bumper to bumper."""
        lengths = (ego_vehicle.LENGTH + front_vehicle.LENGTH) / 2
        return super().desired_gap(ego_vehicle, front_vehicle, projected) + lengths

    def change_lane_policy(self) -> None:
        """MOBIL's, but not near the end of a road, and not into lanes that end."""
        station = self.lane.local_coordinates(self.position)[0]
        if self.lane.length - station > 40.0 or self._must_change():
            super().change_lane_policy()

    def _blocked(self, around: Around) -> bool:
        """Whether its lane is closed not far ahead."""
        front = around.next_for(self, self.offset_m)
        if front is None or self.lane_index != self.target_lane_index:
            return False
        return front[0].keep_off_m > 0.0 and front[1] < _BLOCKED_WITHIN_M + _BLOCKED_WITHIN_S * self.speed

    def _leave_lane(self) -> None:
        """Moves over as soon as nobody there must brake hard; MOBIL's safety without its advantage."""
        for index in self.road.network.side_lanes(self.lane_index):
            front, rear = self.road.neighbour_vehicles(self, index)
            rear_mps2 = self.acceleration(rear, self) if rear else 0.0
            own_mps2 = self.acceleration(self, front) if front else 0.0
            if min(rear_mps2, own_mps2) > -(_MOST_IMPOSED_MPS2 if self.speed > 3.0 else _MOST_IMPOSED_STANDING_MPS2):
                self.target_lane_index = index
                return

    def steering_control(self, target_lane_index: LaneIndex) -> float:
        """Steering angle (rad) that follows the lane at the wanted offset, by highway-env's cascade and bicycle."""
        lane = self.road.network.get_lane(target_lane_index)
        station, lateral = lane.local_coordinates(self.position)
        wanted, rate = self._side_step.at(self._clock_s)
        sideways = rate - self.KP_LATERAL * (lateral - wanted)
        slant = _clipped(sideways / not_zero(self.speed), -_SLANT_RAD, _SLANT_RAD)
        heading = lane.heading_at(station + self.speed * self.TAU_PURSUIT) + slant
        turn_rate = self.KP_HEADING * wrap_to_pi(heading - self.heading)
        slip = math.asin(_clipped(self.LENGTH / 2 / not_zero(self.speed) * turn_rate, -1.0, 1.0))
        return _clipped(math.atan(2 * math.tan(slip)), -_STEERING_RAD, _STEERING_RAD)

    def _must_change(self) -> bool:
        return bool(self.route) and self.route[0][2] is not None and self.route[0][2] != self.target_lane_index[2]

    def _begin_side_step(self, around: Around) -> None:
        """Plans the lateral way to another lane of the same road, or past something at the lane's edge."""
        lane = self.road.network.get_lane(self.target_lane_index)
        offset = self._passing_offset(around, lane)
        moved = self._aimed_at != self.target_lane_index and self._aimed_at[:2] == self.target_lane_index[:2]
        if moved or abs(offset - self._side_step.to_m) > 0.1:
            lateral = lane.local_coordinates(self.position)[1]
            duration = self.character.lane_change_s if moved else _PASSING_S
            self._side_step = SideStep(self._clock_s, duration, lateral, offset)
        self._aimed_at = self.target_lane_index

    def _passing_offset(self, around: Around, lane: CurveLane) -> float:
        """Far enough to the left to pass cyclists and things at the right edge of the lane, if the lane allows."""
        if lane.connector or self.body.category == "vehicle.bicycle":
            return self.offset_m
        most = lane.width / 2 - self.WIDTH / 2 + _OVER_THE_LINE_M
        reach = 12.0 + _PASSING_S * self.speed
        offset = self.offset_m
        for number, thing in enumerate(around.things):
            passable = thing.passable and thing.speed < self.cruise_mps
            beside = -self.LENGTH < around.along_m[number] - around.reach_along_m[number] < reach
            if passable and beside and around.across_m[number] < 0.0:
                left_edge = float(around.across_m[number] + around.reach_across_m[number])
                needed = left_edge + _PASSING_GAP_M + self.WIDTH / 2
                offset = max(offset, needed) if needed <= most else offset
        return offset

    def _look(self) -> tuple[list[Way], list[Around]]:
        """The way along the lane that it aims for, during a lane change also along the one it leaves; what is there."""
        ways = [self._way(self.target_lane_index)]
        if self.lane_index[:2] == self.target_lane_index[:2] and self.lane_index != self.target_lane_index:
            ways.append(self._way(self.lane_index))
        return ways, [self.road.around(way, self) for way in ways]

    def _pedals(self, way: Way, around: list[Around]) -> float:
        """Acceleration (m/s^2): IDM's, limited by what lies ahead, by bends, by a script, and in its change."""
        self.target_speed = self.cruise_mps
        free_mps2 = max(float(self.acceleration(self)), -3.0)
        wanted = [free_mps2]
        bend_mps = self._bend_speed(way)
        if self.speed > bend_mps:
            wanted.append(max(self.speed_control(bend_mps), -4.0))
        elif bend_mps < self.cruise_mps:
            wanted.append(min(self.speed_control(bend_mps), self.COMFORT_ACC_MAX))
        for number, view in enumerate(around):
            found = view.next_for(self, self._side_step.to_m)
            if found:
                spare_m = found[0].keep_off_m if number == 0 else 0.0
                wanted.append(free_mps2 - self._interaction(found[0], found[1] - spare_m))
        if self._stop_m is not None:
            free_m = self._stop_m + self.DISTANCE_WANTED - 0.5
            wanted.append(free_mps2 - self._interaction(self._stop_mark, free_m))
        if self.scripted_mps2 is not None:
            wanted.append(self.scripted_mps2)
        self._meant_mps2 = _clipped(self._gradually(min(wanted)), -_HARDEST_MPS2, self.COMFORT_ACC_MAX)
        return self._meant_mps2 + self._stray()

    def _gradually(self, wanted_mps2: float) -> float:
        """What the feet manage until the next decision: releasing a pedal is quick, accelerating is not."""
        before = self._meant_mps2
        rise = _RELEASE_MPS3 if before < 0.0 else _PUSH_MPS3
        return _clipped(wanted_mps2, before - _BRAKE_MPS3 * _DECISION_S, before + rise * _DECISION_S)

    def _stray(self) -> float:
        """What the feet do besides (m/s^2); nothing at a stand."""
        random = cast(Any, self.road.np_random)
        return self._unsteadiness.next(_DECISION_S, random) * min(self.speed / _STEADY_BELOW_MPS, 1.0)

    def _interaction(self, front: RoadObject, free_m: float) -> float:
        """What IDM takes off the acceleration (m/s^2) for something ahead at a bumper-to-bumper distance."""
        gap = self.desired_gap(self, front) - (self.LENGTH + front.LENGTH) / 2
        return self.COMFORT_ACC_MAX * (max(gap, 0.0) / max(free_m, 0.3)) ** 2

    def _bend_speed(self, way: Way) -> float:
        """Speed now (m/s) from which braking gently is in time for every bend ahead."""
        curvature = np.maximum(way.curvatures, 1e-4)
        allowed = np.minimum(np.sqrt(self.character.lateral_mps2 / curvature), _TURN_RATE_RADPS / curvature)
        reach = np.maximum(way.distances_m, 0.0)
        return float(np.min(np.sqrt(allowed**2 + 2 * 0.6 * self.character.braking_mps2 * reach)))

    def _way(self, lane_index: LaneIndex) -> Way:
        """The middle of the lanes ahead, from a lane on."""
        network = self.road.network
        indices = self.plan if lane_index == self.target_lane_index else [lane_index, *self.plan[1:]]
        start = -network.get_lane(lane_index).local_coordinates(self.position)[0]
        return way_along([network.get_lane(index) for index in indices], start, self._reach_m)

    @property
    def _reach_m(self) -> float:
        """How far it looks ahead."""
        return _LOOK_AHEAD_M + _LOOK_AHEAD_S * self.speed

    def _lanes_from(self, lane_index: LaneIndex) -> list[LaneIndex]:
        network, route = self.road.network, list(self.route or [])
        plan, length = [lane_index], 0.0
        while length < 200.0:
            lane = network.get_lane(plan[-1])
            following = network.next_lane(plan[-1], route, lane.position(lane.length, 0.0))
            if following == plan[-1]:
                break
            length += network.get_lane(following).length
            plan.append(following)
        return plan


def _clipped(value: float, low: float, high: float) -> float:
    return min(max(float(value), low), high)
