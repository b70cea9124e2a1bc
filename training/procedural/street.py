"""A two-way street along a line: its cross-section, its map and its painted surface."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.procedural.arc_line import ArcLine
from training.rendering.materials import linear_rgb
from training.rendering.noise import fractal_noise, value_noise

_ASPHALT = linear_rgb("#5c5e61")
_WHITE = linear_rgb("#d8d8d2")
_YELLOW = linear_rgb("#c99a2a")
_PAVING = linear_rgb("#9b968c")
_KERB = linear_rgb("#b3b0a8")
_GRASS = linear_rgb("#5a6f38")
_PAINT_REFLECTIVITY = 0.45


@dataclass(frozen=True, slots=True, eq=False)
class Street:
    """One lane each way, a parking strip, kerb and pavement on both sides; traffic keeps right.

    Attributes:
        line: Middle of the street, in the ego vehicle's direction.
        crossing_m: First and last station of the zebra crossing.
    """

    line: ArcLine
    crossing_m: tuple[float, float]
    lane_m: float = 3.5
    parking_m: float = 2.6
    pavement_m: float = 4.2
    kerb_height_m: float = 0.13
    stop_line_gap_m: float = 1.2

    @property
    def kerb_offset_m(self) -> float:
        return self.lane_m + self.parking_m

    @property
    def front_offset_m(self) -> float:
        """Where pavement ends and house fronts begin."""
        return self.kerb_offset_m + self.pavement_m


@dataclass(frozen=True, slots=True, eq=False)
class StreetPaint:
    """Asphalt with markings, paving and grass; computed per point, so that it is sharp at any distance."""

    street: Street

    def paint(
        self, points_m: NDArray[np.float64], blur_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """See `GroundPaint.paint`."""
        station, offset = self.street.line.locate(points_m[:, :2])
        albedo = np.empty((len(points_m), 3))
        reflectivity = np.full(len(points_m), 0.10)
        kerb = self.street.kerb_offset_m
        side = np.abs(offset)
        road, pavement = side < kerb, (side >= kerb) & (side < self.street.front_offset_m + 1.5)
        albedo[road], reflectivity[road] = self._road(points_m[road], station[road], offset[road], blur_m[road])
        albedo[pavement] = self._pavement(station[pavement], side[pavement], blur_m[pavement])
        reflectivity[pavement] = 0.2
        grass = ~road & ~pavement
        albedo[grass] = _GRASS * (0.6 + 0.8 * fractal_noise(points_m[grass, :2] * 1.5, 3)[:, None])
        reflectivity[grass] = 0.25
        return albedo, reflectivity

    def _road(
        self,
        points_m: NDArray[np.float64],
        station: NDArray[np.float64],
        offset: NDArray[np.float64],
        blur_m: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        albedo = _ASPHALT * self._asphalt_shade(points_m, station, offset, blur_m)[:, None]
        worn = 0.80 + 0.2 * fractal_noise(points_m[:, :2] * 3.0, 3, seed=5)
        white = self._white(station, offset, blur_m) * worn
        yellow = self._yellow(station, offset, blur_m) * worn
        albedo += (_WHITE - albedo) * white[:, None]
        albedo += (_YELLOW - albedo) * yellow[:, None]
        return albedo, 0.10 + (_PAINT_REFLECTIVITY - 0.10) * np.maximum(white, yellow)

    def _asphalt_shade(
        self,
        points_m: NDArray[np.float64],
        station: NDArray[np.float64],
        offset: NDArray[np.float64],
        blur_m: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Grain near by, stains, darker repairs, and lighter wheel tracks."""
        grain = (value_noise(points_m[:, :2] * 28.0, seed=3) - 0.5) * np.clip(1 - blur_m / 0.03, 0, 1)
        stains = fractal_noise(points_m[:, :2] * 0.35, 4, seed=9) - 0.5
        along = fractal_noise(np.stack([station * 0.06, offset * 1.6], axis=1), 3, seed=21) - 0.5
        in_lane = np.mod(np.abs(offset), self.street.lane_m) - self.street.lane_m / 2
        tracks = np.exp(-(((np.abs(in_lane) - 0.78) / 0.28) ** 2)) * (np.abs(offset) < self.street.lane_m)
        repair = _band(np.mod(station, 47.0) - 12.0, 3.5, blur_m) * _band(offset + 2.3, 0.8, blur_m)
        return 1.0 + 0.22 * grain + 0.30 * stains + 0.22 * along + 0.06 * tracks - 0.22 * repair

    def _white(
        self, station: NDArray[np.float64], offset: NDArray[np.float64], blur_m: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Coverage 0..1 of white paint: zebra bars, stop lines, parking line with stall marks."""
        first, last = self.street.crossing_m
        gap, lane = self.street.stop_line_gap_m, self.street.lane_m
        middle, half = (first + last) / 2, (last - first) / 2
        bars = _band(np.mod(offset + 0.5, 1.0) - 0.5, 0.25, blur_m) * _band(station - middle, half, blur_m)
        stop = _band(station - (first - gap), 0.2, blur_m) * _band(offset + lane / 2, lane / 2, blur_m)
        stop += _band(station - (last + gap), 0.2, blur_m) * _band(offset - lane / 2, lane / 2, blur_m)
        away = 1 - _band(station - middle, half + 6.0, blur_m)
        edge = _band(np.abs(offset) - lane, 0.06, blur_m) * away
        stalls = (
            _band(np.mod(station, 6.5) - 3.25, 0.05, blur_m) * _band(np.abs(offset) - lane - 0.4, 0.4, blur_m) * away
        )
        return np.clip(bars + stop + edge + stalls, 0, 1)

    def _yellow(
        self, station: NDArray[np.float64], offset: NDArray[np.float64], blur_m: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Coverage of the double line in the middle, interrupted at the crossing."""
        first, last = self.street.crossing_m
        gap = self.street.stop_line_gap_m
        away = 1 - _band(station - (first + last) / 2, (last - first) / 2 + gap, blur_m)
        return _band(np.abs(offset) - 0.14, 0.06, blur_m) * away

    def _pavement(
        self, station: NDArray[np.float64], side: NDArray[np.float64], blur_m: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Slabs with joints and a lighter kerb stone."""
        slabs = np.stack([np.floor(station / 1.2), np.floor(side / 0.8)], axis=1)
        shade = 0.92 + 0.16 * value_noise(slabs + 0.0, seed=31)
        joints = np.maximum(
            _band(np.mod(station, 1.2) - 0.6, 0.012, blur_m), _band(np.mod(side, 0.8) - 0.4, 0.012, blur_m)
        )
        albedo = _PAVING * (shade * (1 - 0.35 * joints))[:, None]
        kerb = _band(side - self.street.kerb_offset_m - 0.1, 0.1, blur_m)
        return albedo + (_KERB - albedo) * kerb[:, None]


def _band(distance_m: NDArray[np.float64], half_m: float, blur_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of a box filter of width `blur_m` that lies within `half_m` of 0."""
    reach = np.maximum(blur_m, 1e-3) / 2
    overlap = np.minimum(distance_m + reach, half_m) - np.maximum(distance_m - reach, -half_m)
    return np.clip(overlap / (2 * reach), 0, 1)
