"""The world that events act on, and what an event is."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from training.data.traffic.driver import Driver
from training.data.traffic.layouts.layout import Layout
from training.data.traffic.road import TrafficRoad
from training.data.traffic.walkers import Walker


@dataclass(slots=True)
class Stage:
    """The world that events act on."""

    layout: Layout
    road: TrafficRoad
    ego: Driver
    walkers: list[Walker]
    random: np.random.Generator

    @property
    def drivers(self) -> list[Driver]:
        """Everyone who drives, the ego vehicle first."""
        return self.road.vehicles


class Event(Protocol):
    """Something staged; `told` says what happened, empty while it has not."""

    told: str

    def prepare(self, stage: Stage) -> None:
        """Puts what it needs into the world, before the start."""
        ...

    def tick(self, stage: Stage, time_s: float) -> None:
        """Acts, before the drivers decide; time 0 is where the recording begins."""
        ...
