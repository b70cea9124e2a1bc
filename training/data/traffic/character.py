"""How someone drives, and how someone moves over."""

from dataclasses import dataclass


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
    """

    cruise_mps: float
    time_gap_s: float = 1.4
    jam_gap_m: float = 2.5
    acceleration_mps2: float = 1.6
    braking_mps2: float = 2.2
    politeness: float = 0.2
    lateral_mps2: float = 2.4
    lane_change_s: float = 4.0


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
