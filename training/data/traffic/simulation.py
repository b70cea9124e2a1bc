"""Steps the traffic and writes down where everyone was."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.traffic.bodies import Body
from training.data.traffic.driver import Driver
from training.data.traffic.events.stage import Event, Stage
from training.data.traffic.right_of_way import Junction
from training.data.traffic.road import Thing

RECORD_S = 20.0
KEYFRAME_S = 0.5
STEP_S = 0.1
MARGIN_S = 1.0
"""Recorded before and after what is kept, so that smoothing has both sides everywhere."""
_WARM_UP_S = 5.0
_PHYSICS_STEPS = 2


@dataclass(slots=True, eq=False)
class Recording:
    """Poses of one body by step: x, y (m) and heading (rad), NaN where it was not there."""

    body: Body
    poses: NDArray[np.float64]


def simulate(stage: Stage, events: list[Event], junction: Junction | None) -> tuple[Recording, list[Recording]]:
    """Runs warm-up and recording; the ego vehicle and all others.

    Returns:
        At 10 Hz from `-MARGIN_S` to `RECORD_S + MARGIN_S`, ego first; others in the order of their first appearance.
    """
    first, last = round(-_WARM_UP_S / STEP_S), round((RECORD_S + MARGIN_S) / STEP_S)
    kept_from = round(-MARGIN_S / STEP_S)
    recorder = _Recorder(last - kept_from + 1)
    for step in range(first, last + 1):
        if step >= kept_from:
            recorder.note(stage, step - kept_from)
        _decide(stage, events, junction, step * STEP_S)
        for _ in range(_PHYSICS_STEPS):
            stage.road.step(STEP_S / _PHYSICS_STEPS)
        for walker in stage.walkers:
            walker.step(STEP_S)
        stage.road.vehicles[:] = [driver for driver in stage.drivers if driver is stage.ego or not driver.at_end]
    ego = recorder.recordings.pop(id(stage.ego))
    return ego, list(recorder.recordings.values())


def _decide(stage: Stage, events: list[Event], junction: Junction | None, time_s: float) -> None:
    """Everything that is decided in one step, from one view of the world."""
    stage.road.look()
    drivers = stage.drivers
    for event in events:
        event.tick(stage, time_s)
    for walker in stage.walkers:
        walker.consider(drivers)
        walker.hold(drivers)
    for driver in drivers:
        end = stage.layout.barred.get(driver.target_lane_index)
        if end is not None:
            driver.hold(end - 3.0 - driver.LENGTH / 2 - driver.lane.local_coordinates(driver.position)[0])
    if junction:
        junction.regulate(drivers, time_s)
    stage.road.act()


class _Recorder:
    """Recordings by identity of the mover; movers are kept, so that no identity comes twice."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._kept: list[object] = []
        self.recordings: dict[int, Recording] = {}

    def note(self, stage: Stage, step: int) -> None:
        for driver in stage.drivers:
            self._note(driver, step)
        strollers = [walker for walker in stage.walkers if walker.site is None]
        for thing in (*stage.road.objects, *strollers):
            self._note(thing, step)

    def _note(self, mover: Driver | Thing, step: int) -> None:
        if id(mover) not in self.recordings:
            self._kept.append(mover)
            self.recordings[id(mover)] = Recording(mover.body, np.full((self._steps, 3), np.nan))
        self.recordings[id(mover)].poses[step] = (*mover.position, mover.heading)
