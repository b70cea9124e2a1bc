"""Three or four roads that meet, with signals, stop signs or a road that has priority."""

from dataclasses import dataclass

import numpy as np
from shapely import Polygon

from training.data.traffic.layouts.arms import (
    STOP_WITH_CROSSING_M,
    STOP_WITHOUT_M,
    Arm,
    draw_arm,
    turn_between,
    way_through,
)
from training.data.traffic.layouts.layout import Control, JunctionPlan, Layout, SpawnLane
from training.data.traffic.layouts.street import walks_along
from training.data.traffic.network import CurveNetwork

_TURN_RAD = 0.6
_ARM_M = 190.0
_PARKING_FROM_M = 35.0


@dataclass(frozen=True, slots=True)
class _Movement:
    """A way from one arm to another; lanes are (from, to) pairs."""

    from_arm: Arm
    to_arm: Arm
    name: str
    lanes: tuple[tuple[int, int], ...]


def intersection(random: np.random.Generator) -> Layout:
    arms = _draw_arms(random)
    network = CurveNetwork()
    for arm in arms:
        arm.add(network, speed_limit_mps=18.0)
    movements = _movements(arms)
    for movement in movements:
        start, end = movement.from_arm.inward[1], movement.to_arm.outward[0]
        for from_lane, to_lane in movement.lanes:
            network.add_lane(start, end, way_through(movement.from_arm, from_lane, movement.to_arm, to_lane))
    with_crossings = bool(random.random() < 0.8)
    plan = _plan(random, arms, STOP_WITH_CROSSING_M if with_crossings else STOP_WITHOUT_M)
    speed = float(random.uniform(7.0, 14.0))
    ego, turn = _ego(random, movements, speed)
    parking = arms[0].parking(_PARKING_FROM_M) if random.random() < 0.6 else ()
    walkway = float(random.uniform(2.5, 4.0))
    waiting = {arm.inward for arm in arms if plan.control != "priority" or plan.approaches[arm.inward][0] < 3}
    return Layout(
        kind="intersection",
        detail=f"an intersection of {len(arms)} roads with {_SPOKEN[plan.control]}, on the way {turn}",
        network=network,
        speed_mps=speed,
        ego=ego,
        spawns=_spawns(movements, arms),
        sections=tuple(arm.section for arm in arms),
        parking=parking,
        crossings=tuple(arm.crossing(network) for arm in arms) if with_crossings else (),
        stop_lines=tuple(arm.stop_line(plan.stop_m - 0.5) for arm in arms if arm.inward in waiting),
        surfaces=tuple(_inner_strip(arm) for arm in arms),
        corner_m=float(random.uniform(4.0, 7.0)),
        walkway_m=walkway,
        walks=tuple(walk for arm in arms for walk in walks_along(arm.section, parking, walkway)),
        junction=plan,
        middle_m=(0.0, 0.0),
    )


_SPOKEN: dict[Control, str] = {
    "signals": "signals",
    "stop": "stop signs",
    "priority": "a priority road",
}


def _draw_arms(random: np.random.Generator) -> list[Arm]:
    """Arms 75 to 105 degrees apart, the first and third in line but for the remainder."""
    count = int(random.choice([3, 4], p=[0.35, 0.65]))
    skew = float(random.uniform(-0.25, 0.25))
    angles = np.array([0.0, np.pi / 2 + skew, np.pi, 3 * np.pi / 2 + skew]) + random.uniform(-0.05, 0.05, 4)
    chosen = angles if count == 4 else angles[[0, 2, 1]]
    lane = float(random.uniform(3.2, 3.6))
    major = int(random.choice([1, 2], p=[0.5, 0.5]))
    minor = int(random.integers(1, major + 1))
    lanes = [major, minor, major, minor] if count == 4 else [major, major, minor]
    edge = major * lane / np.cos(0.3) + float(random.uniform(6.0, 9.0))
    turned = chosen + random.uniform(-np.pi, np.pi)
    return [
        draw_arm(random, number, float(angle), edge, width, lane, _ARM_M)
        for number, (angle, width) in enumerate(zip(turned, lanes, strict=True))
    ]


def _movements(arms: list[Arm]) -> list[_Movement]:
    """Left from the left lane, right from the right one, straight on from every lane that goes on."""
    movements = []
    for start in arms:
        for end in arms:
            if start is end:
                continue
            turn = turn_between(start, end)
            last = start.lanes - 1, end.lanes - 1
            if abs(turn) <= _TURN_RAD:
                straight = tuple((lane, lane) for lane in range(min(start.lanes, end.lanes)))
                movements.append(_Movement(start, end, "straight on", straight))
            else:
                movements.append(_Movement(start, end, *(("left", ((0, 0),)) if turn > 0 else ("right", (last,)))))
    return movements


def _plan(random: np.random.Generator, arms: list[Arm], stop_m: float) -> JunctionPlan:
    """Signal phases go to opposite arms together; of a priority road's four arms the even ones have priority."""
    control: Control = ("signals", "stop", "priority")[int(random.choice(3, p=[0.5, 0.2, 0.3]))]
    major = {0, 2} if len(arms) == 4 else {0, 1}
    approaches = {}
    for arm in arms:
        first = arm.number in major
        approaches[arm.inward] = (3 if control == "priority" and first else 1, 0 if first else 1)
    return JunctionPlan(control, approaches, stop_m)


def _ego(random: np.random.Generator, movements: list[_Movement], speed_mps: float) -> tuple[SpawnLane, str]:
    """Left, straight on or right with even chances where the arms allow, some seconds from the junction."""
    name = str(random.choice(sorted({movement.name for movement in movements})))
    movement = [m for m in movements if m.name == name][int(random.integers(sum(m.name == name for m in movements)))]
    lane = movement.lanes[int(random.integers(len(movement.lanes)))][0]
    length = movement.from_arm.section.backward_curve(lane).length_m
    start = float(np.clip(length - speed_mps * random.uniform(8.0, 14.0), 20.0, length - 25.0))
    return _spawn(movement, lane, (start, start)), movement.name


def _spawn(movement: _Movement, lane: int, stations_m: tuple[float, float], density: float = 1.0) -> SpawnLane:
    inward, outward = movement.from_arm.inward, movement.to_arm.outward
    route = ((*inward, lane), (inward[1], outward[0], None), (*outward, None))
    return SpawnLane((*inward, lane), route, stations_m, density, large_vehicles=movement.name == "straight on")


def _spawns(movements: list[_Movement], arms: list[Arm]) -> tuple[SpawnLane, ...]:
    """Towards the junction by every movement, most of them straight on, and away from it."""
    inward = [
        _spawn(movement, from_lane, (15.0, _ARM_M - 12.0), 1.0 if movement.name == "straight on" else 0.5)
        for movement in movements
        for from_lane, _ in movement.lanes
    ]
    outward = [
        SpawnLane((*arm.outward, lane), ((*arm.outward, None),), (10.0, _ARM_M - 20.0), density=0.5)
        for arm in arms
        for lane in range(arm.lanes)
    ]
    return (*inward, *outward)


def _inner_strip(arm: Arm) -> Polygon:
    """The arm's road, straight on to the middle of the junction."""
    x, y, _ = arm.section.line.poses(0.0)[0]
    return arm.section.strip(-float(np.hypot(x, y)), 0.5, arm.section.right_kerb_m, arm.section.left_kerb_m)
