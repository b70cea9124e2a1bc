"""Where a road user is at any time: a path and a speed profile, both in closed form."""

from dataclasses import dataclass

import numpy as np

from training.procedural.arc_line import ArcLine


@dataclass(frozen=True, slots=True)
class SpeedProfile:
    """A constant speed, then optionally a smooth stop: v(t) = speed * (1 - smoothstep).

    Attributes:
        speed_mps: Speed before the stop.
        brake_at_s: When braking begins; ignored without a stop.
        brake_over_m: Distance from there to standstill; None means no stop. The hardest deceleration is
            0.75 * speed^2 / distance.
    """

    speed_mps: float
    brake_at_s: float = 0.0
    brake_over_m: float | None = None

    @property
    def _brake_s(self) -> float:
        assert self.brake_over_m is not None
        return 2.0 * self.brake_over_m / self.speed_mps

    def _progress(self, time_s: float) -> float:
        """Share 0..1 of the braking time that has gone by."""
        return 0.0 if self.brake_over_m is None else float(np.clip((time_s - self.brake_at_s) / self._brake_s, 0, 1))

    def speed(self, time_s: float) -> float:
        """m/s."""
        p = self._progress(time_s)
        return self.speed_mps * (1 - p * p * (3 - 2 * p))

    def acceleration(self, time_s: float) -> float:
        """m/s^2."""
        p = self._progress(time_s)
        return 0.0 if p in (0.0, 1.0) else -6 * p * (1 - p) * self.speed_mps / self._brake_s

    def distance(self, time_s: float) -> float:
        """Metres since `brake_at_s`, negative before it."""
        p = self._progress(time_s)
        if p == 0.0:
            return self.speed_mps * (time_s - self.brake_at_s)
        return self.speed_mps * self._brake_s * (p - p**3 + p**4 / 2)


@dataclass(frozen=True, slots=True)
class MotionState:
    """x, y in metres and yaw in radians of the scene frame; along the heading m/s and m/s^2; rad/s."""

    x_m: float
    y_m: float
    yaw_rad: float
    speed_mps: float
    acceleration_mps2: float
    yaw_rate_radps: float


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """A point that follows `path` and is at `station_m` at `time_s`."""

    path: ArcLine
    profile: SpeedProfile
    station_m: float
    time_s: float = 0.0

    def state(self, time_s: float) -> MotionState:
        station = self.station_m + self.profile.distance(time_s) - self.profile.distance(self.time_s)
        x, y, yaw = self.path.poses(station)[0]
        speed = self.profile.speed(time_s)
        yaw_rate = speed * float(self.path.curvatures(station)[0])
        return MotionState(float(x), float(y), float(yaw), speed, self.profile.acceleration(time_s), yaw_rate)


def parked(x_m: float, y_m: float, yaw_rad: float) -> Motion:
    """Something that stands still."""
    return Motion(ArcLine((x_m, y_m, yaw_rad), [(1.0, 0.0)]), SpeedProfile(0.0), 0.0)
