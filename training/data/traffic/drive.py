"""One procedural drive, from its number and a seed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.drives.drive import Agent, Drive
from training.data.drives.track import Track
from training.data.traffic.checks import ego_collides, ego_off_road, without_overlaps
from training.data.traffic.events import (
    CutIn,
    Event,
    LaneBlocked,
    LeadBrakes,
    PartlyBlocked,
    PersonCrosses,
    SlowLead,
    Stage,
    StartsFromRest,
    StopAndGo,
)
from training.data.traffic.layouts.highway import highway
from training.data.traffic.layouts.intersection import intersection
from training.data.traffic.layouts.layout import Layout
from training.data.traffic.layouts.merge import merge
from training.data.traffic.layouts.roundabout import roundabout
from training.data.traffic.layouts.street import street
from training.data.traffic.right_of_way import Junction
from training.data.traffic.road import TrafficRoad
from training.data.traffic.road_shapes import road_map_of
from training.data.traffic.simulation import KEYFRAME_S, MARGIN_S, RECORD_S, STEP_S, Recording, simulate
from training.data.traffic.smoothing import middle_of, smooth_poses
from training.data.traffic.spawning import Still, nearest_first, park_cars, spawn_ego, spawn_strollers, spawn_traffic
from waymend import ego_vehicle
from waymend.errors import InvalidField

EventMaker = Callable[[np.random.Generator], Event]

_MOST_TRIES = 12
_STANDING = 0.08


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of drive.

    Attributes:
        layout: Draws the roads.
        events: What may be staged, each with its chance.
    """

    name: str
    layout: Callable[[np.random.Generator], Layout]
    events: tuple[tuple[EventMaker, float], ...]


def _standing(random: np.random.Generator) -> StopAndGo:
    return StopAndGo(random, standing=True)


_STREET = Scenario(
    "street",
    street,
    (
        (StartsFromRest, 0.12),
        (PersonCrosses, 0.45),
        (PartlyBlocked, 0.35),
        (LaneBlocked, 0.45),
        (CutIn, 0.55),
        (SlowLead, 0.25),
        (StopAndGo, 0.2),
        (LeadBrakes, 0.3),
    ),
)
_HIGHWAY = Scenario(
    "highway",
    highway,
    ((CutIn, 0.55), (SlowLead, 0.25), (StopAndGo, 0.15), (LeadBrakes, 0.3), (LaneBlocked, 0.35)),
)
_MERGE = Scenario("merge", merge, ((CutIn, 0.4), (SlowLead, 0.25), (LeadBrakes, 0.3)))
_INTERSECTION = Scenario(
    "intersection",
    intersection,
    ((StartsFromRest, 0.12), (PersonCrosses, 0.4), (SlowLead, 0.2), (StopAndGo, 0.15), (LeadBrakes, 0.25)),
)
_ROUNDABOUT = Scenario(
    "roundabout", roundabout, ((StartsFromRest, 0.12), (PersonCrosses, 0.4), (LeadBrakes, 0.2), (SlowLead, 0.2))
)

SCENARIOS: tuple[Scenario, ...] = (
    _STREET, _INTERSECTION, _HIGHWAY, _STREET, _ROUNDABOUT, _INTERSECTION, _STREET, _MERGE,
    _INTERSECTION, _STREET, _MERGE, _HIGHWAY, _STREET, _ROUNDABOUT, _INTERSECTION,
)  # fmt: skip
"""Kinds of drives by number, over and over; an odd count, so that each kind comes with traffic on both sides."""

_LEADS = (LeadBrakes, SlowLead, StopAndGo)
_LANE_CHANGES = (CutIn, LaneBlocked)


def synthesize_drive(index: int, seed: int) -> Drive:
    """The drive of a number; equal arguments give equal bits, and no drive depends on another.

    It lasts 20 s at 10 Hz with key frames at 2 Hz. Traffic keeps right where the index is even, left where it is odd.

    Raises:
        InvalidField: `index` or `seed` is negative, or no attempt gave a drive without collisions.
    """
    if index < 0:
        raise InvalidField("index", "a number from 0", index)
    if seed < 0:
        raise InvalidField("seed", "a number from 0", seed)
    for attempt in range(_MOST_TRIES):
        drive = _attempt(index, seed, np.random.default_rng([seed, index, attempt]))
        if not ego_collides(drive) and not ego_off_road(drive):
            return drive.mirrored() if index % 2 else drive
    raise InvalidField("seed", f"one that gives drive {index} without collisions", seed)


def _attempt(index: int, seed: int, random: np.random.Generator) -> Drive:
    """One simulated drive, good or bad; traffic keeps right."""
    scenario = SCENARIOS[index % len(SCENARIOS)]
    layout = scenario.layout(random)
    stage = _set_stage(layout, random)
    events = _events(scenario, layout, random)
    for event in events:
        event.prepare(stage)
    spawn_traffic(stage.road, layout, stage.ego, random)
    junction = _junction(layout, random)
    parked = park_cars(layout, random)
    ego, others = simulate(stage, events, junction)
    track = _ego_track(ego)
    name = f"procedural-{seed}-{index:05d}"
    agents = [_agent(f"{name}-{number}", recording) for number, recording in enumerate(others)]
    middle = track.positions_m[len(track.positions_m) // 2, :2]
    agents += [_still(f"{name}-p{n}", still, track.times_s) for n, still in enumerate(nearest_first(parked, middle))]
    told = [event.told for event in events if event.told]
    return Drive(
        name=name,
        log_name=name,
        source=f"procedural {layout.kind}",
        description="; ".join([layout.detail[0].upper() + layout.detail[1:], *told]),
        date=f"{2024 + index % 2}-{1 + index % 12:02d}-{1 + index % 28:02d}",
        keyframe_times_s=np.linspace(0.0, RECORD_S, round(RECORD_S / KEYFRAME_S) + 1),
        ego=track,
        agents=without_overlaps(tuple(agent for agent in agents if agent.track.valid.any())),
        road_map=road_map_of(layout, track.positions_m[:, :2], name),
        seed=int(random.integers(2**31)),
    )


def _junction(layout: Layout, random: np.random.Generator) -> Junction | None:
    """With signals that turn green for the ego vehicle's road shortly before the recording or in its first half."""
    if layout.junction is None:
        return None
    _, phase = layout.junction.approaches[layout.ego.lane_index[:2]]
    return Junction(layout.junction, layout.network, green_at_s=float(random.uniform(-7.0, 10.0)), green_phase=phase)


def _set_stage(layout: Layout, random: np.random.Generator) -> Stage:
    road = TrafficRoad(layout.network, random)
    ego = spawn_ego(road, layout, random, speed_share=float(random.uniform(0.7, 1.0)))
    return Stage(layout, road, ego, spawn_strollers(layout, ego.position, random), random)


def _events(scenario: Scenario, layout: Layout, random: np.random.Generator) -> list[Event]:
    """A few of the scenario's events, of those about the vehicle ahead one at the most."""
    if random.random() < _STANDING:
        return [_standing(random)]
    events: list[Event] = []
    for maker, chance in scenario.events:
        doubled = maker in _LEADS and any(isinstance(event, _LEADS) for event in events)
        if random.random() < chance and not doubled and _fits(maker, layout):
            events.append(maker(random))
    return events


def _fits(maker: EventMaker, layout: Layout) -> bool:
    """Whether there is another lane to change into or from, where the event takes one."""
    return maker not in _LANE_CHANGES or bool(layout.network.side_lanes(layout.ego.lane_index))


def _ego_track(recording: Recording) -> Track:
    poses = smooth_poses(recording.poses, ego_vehicle.REAR_AXLE_TO_CENTER_M, STEP_S)
    x, y, heading = _kept(poses).T
    return Track(_times_s(len(x)), np.stack([x, y, np.zeros_like(x)], axis=1), heading, np.ones(len(x), bool))


def _agent(agent_id: str, recording: Recording) -> Agent:
    """Its smoothed track; standing things and people on foot keep their own headings."""
    body, poses = recording.body, recording.poses.copy()
    present = ~np.isnan(poses[:, 0])
    axle_m = body.rear_axle_m if body.category.startswith("vehicle.") else 0.0
    smooth = smooth_poses(poses[present], axle_m, STEP_S)
    poses[present] = np.column_stack([middle_of(smooth, axle_m), smooth[:, 2]])
    kept = _kept(poses)
    return Agent(
        agent_id, body.category, body.size_lwh_m, _standing_track(_times_s(len(kept)), kept, body.size_lwh_m[2])
    )


def _standing_track(times_s: NDArray[np.float64], poses: NDArray[np.float64], height_m: float) -> Track:
    """Of a box on the ground."""
    valid = ~np.isnan(poses[:, 0])
    x, y, heading = np.nan_to_num(poses).T
    return Track(times_s, np.stack([x, y, np.full(len(x), height_m / 2)], axis=1), heading, valid)


def _still(agent_id: str, still: Still, times_s: NDArray[np.float64]) -> Agent:
    poses = np.tile([*still.position_m, still.heading_rad], (len(times_s), 1))
    size = still.body.size_lwh_m
    return Agent(agent_id, still.body.category, size, _standing_track(times_s, poses, size[2]))


def _times_s(steps: int) -> NDArray[np.float64]:
    return np.arange(steps, dtype=np.float64) * STEP_S


def _kept(poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without the margins."""
    margin = round(MARGIN_S / STEP_S)
    return poses[margin : len(poses) - margin]
