"""How someone drives, and how someone moves over."""

import math
from dataclasses import dataclass

import numpy as np

_STRAYING_S = 1.0


@dataclass(frozen=True, slots=True)
class Character:
    """How someone drives.

    Attributes:
        cruise_mps: Speed on a free, straight road.
        time_gap_s: IDM's to the vehicle ahead.
        jam_gap_m: IDM's distance to it at standstill.
        acceleration_mps2: IDM's, from rest.
        braking_mps2: IDM's comfortable deceleration.
        politeness: MOBIL's.
        lateral_mps2: Greatest lateral acceleration in bends.
        lane_change_s: Time to move over by a lane.
        unsteadiness_mps2: How far the acceleration strays from what was meant, root mean square; people press no pedal
            evenly.
    """

    cruise_mps: float
    time_gap_s: float = 1.4
    jam_gap_m: float = 2.5
    acceleration_mps2: float = 1.6
    braking_mps2: float = 2.2
    politeness: float = 0.2
    lateral_mps2: float = 2.4
    lane_change_s: float = 4.0
    unsteadiness_mps2: float = 0.0


@dataclass(slots=True)
class Unsteadiness:
    """By how much the acceleration strays: an Ornstein-Uhlenbeck process with a correlation time of 1 s."""

    rms_mps2: float
    now_mps2: float = 0.0

    def next(self, step_s: float, random: np.random.Generator) -> float:
        """The stray acceleration (m/s^2) after another step."""
        kept = math.exp(-step_s / _STRAYING_S)
        self.now_mps2 = kept * self.now_mps2 + math.sqrt(1 - kept**2) * float(random.normal(0.0, self.rms_mps2))
        return self.now_mps2


@dataclass(frozen=True, slots=True)
class SideStep:
    """A smooth move from one offset in the lane to another."""

    start_s: float
    duration_s: float
    from_m: float
    to_m: float

    def at(self, time_s: float) -> tuple[float, float]:
        """Offset (m) and its rate (m/s), by the quintic that begins and ends at rest."""
        p = min(max((time_s - self.start_s) / self.duration_s, 0.0), 1.0)
        whole = self.to_m - self.from_m
        rate = 30 * p**2 * (1 - p) ** 2 * whole / self.duration_s
        return self.from_m + whole * p**3 * (10 - 15 * p + 6 * p**2), rate
