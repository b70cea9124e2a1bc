"""A roundabout of one or two lanes and three or four roads, driven counter-clockwise."""

import numpy as np
from shapely import Point, Polygon

from training.data.drives.road_map import Divider
from training.data.traffic.curve import arc, bend
from training.data.traffic.curve_lane import CurveLane
from training.data.traffic.layouts.arms import Arm, draw_arm
from training.data.traffic.layouts.layout import JunctionPlan, Layout, SpawnLane
from training.data.traffic.layouts.street import walks_along
from training.data.traffic.network import CurveNetwork

_ARM_M = 150.0
_STOP_M = 1.0
_RING_LANE_M = 4.2


def roundabout(random: np.random.Generator) -> Layout:
    arms_count = int(random.integers(3, 5))
    ring_lanes = int(random.choice([1, 2], p=[0.7, 0.3]))
    island = float(random.uniform(9.0, 18.0))
    arms = _draw_arms(random, arms_count, island + ring_lanes * _RING_LANE_M + 7.0)
    network = CurveNetwork()
    for arm in arms:
        arm.add(network, speed_limit_mps=14.0)
    open_rad = _opening(island, ring_lanes)
    _add_ring(network, arms, island, ring_lanes, open_rad)
    speed = float(random.uniform(6.0, 11.0))
    exits = int(random.integers(1, arms_count))
    with_crossings = bool(random.random() < 0.6)
    walkway = float(random.uniform(2.5, 4.0))
    outer = island + ring_lanes * _RING_LANE_M
    return Layout(
        kind="roundabout",
        detail=f"a roundabout of {arms_count} roads, on the way to exit {exits}",
        network=network,
        speed_mps=speed,
        ego=_ego(random, arms, exits, speed),
        spawns=_spawns(arms, ring_lanes),
        sections=tuple(arm.section for arm in arms),
        crossings=tuple(arm.crossing(network) for arm in arms) if with_crossings else (),
        stop_lines=tuple(arm.stop_line(0.4) for arm in arms),
        dividers=_ring_dividers(island, ring_lanes),
        surfaces=(Point(0.0, 0.0).buffer(outer + 0.6, quad_segs=32), *(_mouth(arm, outer) for arm in arms)),
        islands=(Point(0.0, 0.0).buffer(island - 0.3, quad_segs=32),),
        corner_m=6.0,
        walkway_m=walkway,
        walks=tuple(walk for arm in arms for walk in walks_along(arm.section, (), walkway)),
        junction=JunctionPlan("roundabout", {arm.inward: (1, 0) for arm in arms}, _STOP_M),
        middle_m=(0.0, 0.0),
    )


def route_round(arms: list[Arm], start: int, exits: int) -> tuple[tuple[str, str, int | None], ...]:
    """From one arm to the `exits`-th after it; highway-env takes the nearest lane, the outer one, as ids are open."""
    count = len(arms)
    roads: list[tuple[str, str]] = [arms[start].inward, (f"at{start}", f"enter{start}")]
    for passed in range(exits):
        number, after = (start + passed) % count, (start + passed + 1) % count
        roads.append((f"enter{number}", f"leave{after}"))
        if passed < exits - 1:
            roads.append((f"leave{after}", f"enter{after}"))
    last = (start + exits) % count
    roads += [(f"leave{last}", f"from{last}"), arms[last].outward]
    return tuple((*road, None) for road in roads)


def _draw_arms(random: np.random.Generator, count: int, edge_m: float) -> list[Arm]:
    turned = float(random.uniform(-np.pi, np.pi))
    lane = float(random.uniform(3.3, 3.7))
    angles = turned + np.arange(count) * 2 * np.pi / count + random.uniform(-0.12, 0.12, count)
    return [draw_arm(random, n, float(angle), edge_m, 1, lane, _ARM_M) for n, angle in enumerate(angles)]


def _opening(island_m: float, ring_lanes: int) -> float:
    """Angle from an arm's middle to where its ways leave and enter the ring."""
    outer = island_m + (ring_lanes - 0.5) * _RING_LANE_M
    return float(np.clip(10.0 / outer, 0.3, 0.62))


def _add_ring(network: CurveNetwork, arms: list[Arm], island_m: float, ring_lanes: int, open_rad: float) -> None:
    """Ring roads `leave<n>` to `enter<n>` past an arm and `enter<n>` to `leave<n+1>` between arms; lane 0 is inner."""
    for arm, following in zip(arms, [*arms[1:], arms[0]], strict=True):
        next_angle = arm.angle_rad + (following.angle_rad - arm.angle_rad) % (2 * np.pi)
        spans = {
            (f"leave{arm.number}", f"enter{arm.number}"): (arm.angle_rad - open_rad, arm.angle_rad + open_rad),
            (f"enter{arm.number}", f"leave{following.number}"): (arm.angle_rad + open_rad, next_angle - open_rad),
        }
        for (start, end), (low, high) in spans.items():
            for lane in range(ring_lanes):
                curve = arc((0.0, 0.0), island_m + (lane + 0.5) * _RING_LANE_M, low, high)
                network.add_lane(start, end, CurveLane(curve, _RING_LANE_M, connector=True))
        _add_ways(network, arm, island_m + (ring_lanes - 0.5) * _RING_LANE_M, open_rad)


def _add_ways(network: CurveNetwork, arm: Arm, radius_m: float, open_rad: float) -> None:
    """From the arm into the ring's outer lane, and from there out."""
    enters, leaves = arm.angle_rad + open_rad, arm.angle_rad - open_rad
    inward, outward = arm.section.backward_curve(0), arm.section.forward_curve(0)
    x, y, heading = inward.poses(inward.length_m)[0].tolist()
    entry = bend((x, y, heading), _on_ring(radius_m, enters))
    x, y, heading = outward.poses(0.0)[0].tolist()
    way_out = bend(_on_ring(radius_m, leaves), (x, y, heading))
    network.add_lane(f"at{arm.number}", f"enter{arm.number}", CurveLane(entry, arm.section.lane_m, connector=True))
    network.add_lane(f"leave{arm.number}", f"from{arm.number}", CurveLane(way_out, arm.section.lane_m, connector=True))


def _on_ring(radius_m: float, angle_rad: float) -> tuple[float, float, float]:
    return radius_m * float(np.cos(angle_rad)), radius_m * float(np.sin(angle_rad)), angle_rad + np.pi / 2


def _ego(random: np.random.Generator, arms: list[Arm], exits: int, speed_mps: float) -> SpawnLane:
    start = int(random.integers(len(arms)))
    length = arms[start].section.backward_curve(0).length_m
    station = float(np.clip(length - speed_mps * random.uniform(6.0, 12.0), 15.0, length - 20.0))
    return SpawnLane((*arms[start].inward, 0), route_round(arms, start, exits), (station, station))


def _spawns(arms: list[Arm], ring_lanes: int) -> tuple[SpawnLane, ...]:
    count = len(arms)
    inward = [
        SpawnLane(
            (*arm.inward, 0), route_round(arms, arm.number, exits), (10.0, _ARM_M - 8.0), 1.2, large_vehicles=False
        )
        for arm in arms
        for exits in range(1, count)
    ]
    outward = [SpawnLane((*arm.outward, 0), ((*arm.outward, None),), (10.0, _ARM_M - 20.0), 0.5) for arm in arms]
    return (*inward, *outward)


def _mouth(arm: Arm, outer_m: float) -> Polygon:
    """The arm's road, straight on into the ring."""
    x, y, _ = arm.section.line.poses(0.0)[0]
    reach = float(np.hypot(x, y)) - outer_m + 1.0
    return arm.section.strip(-reach, 0.5, arm.section.right_kerb_m, arm.section.left_kerb_m)


def _ring_dividers(island_m: float, ring_lanes: int) -> tuple[Divider, ...]:
    """The inner edge, and dashes between two lanes."""
    radii = [island_m + lane * _RING_LANE_M for lane in range(ring_lanes)]
    circles = [arc((0.0, 0.0), radius, 0.0, 2 * np.pi).points_m for radius in radii]
    return tuple(Divider(points, dashed=number > 0) for number, points in enumerate(circles))
