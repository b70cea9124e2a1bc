"""One procedural drive, from its number and a seed."""

import numpy as np

from training.data.drives.drive import Drive
from training.data.traffic.checks import ego_collides, ego_off_road, without_overlaps
from training.data.traffic.events.stage import Stage
from training.data.traffic.layouts.layout import Layout
from training.data.traffic.logged_poses import as_logged
from training.data.traffic.right_of_way import PHASE_S, Junction
from training.data.traffic.road import TrafficRoad
from training.data.traffic.road_shapes import road_map_of
from training.data.traffic.scenarios import SCENARIOS, draw_events
from training.data.traffic.simulation import KEYFRAME_S, RECORD_S, simulate
from training.data.traffic.spawning import nearest_first, park_cars, spawn_ego, spawn_strollers, spawn_traffic
from training.data.traffic.tracks import agent_of, ego_track, still_agent
from waymend.errors import InvalidField

_MOST_TRIES = 12


def synthesize_drive(index: int, seed: int) -> Drive:
    """The drive of a number; equal arguments give equal bits, and no drive depends on another.

    Another processor or BLAS rounds differently, which traffic can amplify into another drive.
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
    events = draw_events(scenario, layout, random)
    for event in events:
        event.prepare(stage)
    spawn_traffic(stage.road, layout, stage.ego, random)
    junction = _junction(layout, random)
    parked = park_cars(layout, random)
    ego, others = simulate(stage, events, junction)
    track = as_logged(ego_track(ego), random)
    name = f"procedural-{seed}-{index:05d}"
    agents = [agent_of(f"{name}-{number}", recording) for number, recording in enumerate(others)]
    middle = track.positions_m[len(track.positions_m) // 2, :2]
    agents += [
        still_agent(f"{name}-p{n}", still, track.times_s) for n, still in enumerate(nearest_first(parked, middle))
    ]
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
    """With signals that are at any point of their cycle when the recording begins."""
    if layout.junction is None:
        return None
    _, phase = layout.junction.approaches[layout.ego.lane_index[:2]]
    green_at_s = float(random.uniform(-PHASE_S, PHASE_S))
    return Junction(layout.junction, layout.network, green_at_s, green_phase=phase)


def _set_stage(layout: Layout, random: np.random.Generator) -> Stage:
    road = TrafficRoad(layout.network, random)
    ego = spawn_ego(road, layout, random, speed_share=float(random.uniform(0.7, 1.0)))
    return Stage(layout, road, ego, spawn_strollers(layout, ego.position, random), random)
