"""Where something was, by time."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from waymend.geometry import Pose, wrapped

_TOLERANCE_S = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Poses at given times, in the drive's global frame; in between, linear where both neighbours are valid.

    Attributes:
        times_s: float64 [K], rising, from the start of the drive.
        positions_m: float64 [K, 3].
        yaws_rad: float64 [K], counter-clockwise from the x axis; any branch.
        valid: bool [K]; where False, position and yaw mean nothing.
    """

    times_s: NDArray[np.float64]
    positions_m: NDArray[np.float64]
    yaws_rad: NDArray[np.float64]
    valid: NDArray[np.bool_]

    def valid_at(self, times_s: ArrayLike) -> NDArray[np.bool_]:
        """Whether the track knows where it is, at times [N]."""
        before, after, _ = self._neighbours(times_s)
        return self.valid[before] & self.valid[after]

    def positions_at(self, times_s: ArrayLike) -> NDArray[np.float64]:
        """Positions [N, 3] at times [N]; NaN where not valid."""
        return self._positions_between(*self._neighbours(times_s))

    def yaws_at(self, times_s: ArrayLike) -> NDArray[np.float64]:
        """Yaws [N] at times [N], the shorter way between neighbours; NaN where not valid."""
        return self._yaws_between(*self._neighbours(times_s))

    def pose_at(self, time_s: float) -> Pose | None:
        """`global_from_object` at a time; None where not valid."""
        between = self._neighbours(time_s)
        position = self._positions_between(*between)[0]
        if np.isnan(position[0]):
            return None
        return Pose.from_yaw(float(self._yaws_between(*between)[0]), position)

    def velocities_at(self, times_s: ArrayLike, window_s: float = 0.25) -> NDArray[np.float64]:
        """Velocities [N, 3] in m/s at times [N]: displacement over the valid part of +- `window_s`; 0 where none is."""
        times = np.atleast_1d(np.asarray(times_s, np.float64))
        around = times[:, None] + window_s * np.linspace(-1, 1, 11)
        around = np.clip(around, self.times_s[0], self.times_s[-1])
        known = self.valid_at(around.ravel()).reshape(around.shape)
        rows = np.arange(len(times))
        first = around[rows, known.argmax(axis=1)]
        last = around[rows, around.shape[1] - 1 - known[:, ::-1].argmax(axis=1)]
        span = np.where(known.any(axis=1), last - first, 0.0)
        shift = self.positions_at(last) - self.positions_at(first)
        return np.where(span[:, None] > 0, shift / np.where(span > 0, span, 1.0)[:, None], 0.0)

    def velocity_at(self, time_s: float, window_s: float = 0.25) -> NDArray[np.float64]:
        """`velocities_at` of one time, [3]."""
        return self.velocities_at([time_s], window_s)[0]

    def moved(self, x_m: float, y_m: float) -> "Track":
        return replace(self, positions_m=self.positions_m + np.array([x_m, y_m, 0.0]))

    def mirrored(self) -> "Track":
        """Reflected at the x axis: left becomes right."""
        return replace(self, positions_m=self.positions_m * np.array([1.0, -1.0, 1.0]), yaws_rad=-self.yaws_rad)

    def _positions_between(
        self, before: NDArray[np.int64], after: NDArray[np.int64], share: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        between = self.positions_m[before] + share[:, None] * (self.positions_m[after] - self.positions_m[before])
        return np.where((self.valid[before] & self.valid[after])[:, None], between, np.nan)

    def _yaws_between(
        self, before: NDArray[np.int64], after: NDArray[np.int64], share: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        turn = wrapped(self.yaws_rad[after] - self.yaws_rad[before])
        return np.where(self.valid[before] & self.valid[after], self.yaws_rad[before] + share * turn, np.nan)

    def _neighbours(self, times_s: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Indices before and after each time, equal where it coincides with a step, and the share of the way.

        Times beyond the ends count as the end where they are within a microsecond; else they are clamped, so that
        callers must ask `valid_at` of times within the drive only.
        """
        times = np.atleast_1d(np.asarray(times_s, np.float64))
        after = np.clip(np.searchsorted(self.times_s, times - _TOLERANCE_S), 0, len(self.times_s) - 1)
        exact = np.abs(self.times_s[after] - times) <= _TOLERANCE_S
        before = np.where(exact, after, np.maximum(after - 1, 0))
        span = self.times_s[after] - self.times_s[before]
        share = np.where(span > 0, (times - self.times_s[before]) / np.where(span > 0, span, 1.0), 0.0)
        return before, after, np.clip(share, 0.0, 1.0)
