"""Asphalt, markings, pavement and grass, painted from the road map."""

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from training.data.drives.road_map import Divider, LineColor, RoadMap
from training.data.sensing.ground_texture import GroundTexture
from training.rendering.materials import linear_rgb
from training.rendering.noise import fractal_noise

_TEXEL_M = 0.1
_MOST_TEXELS = 60_000_000
_NOISE_TEXELS = 1024
_LINE_M = 0.18
_DASH_M, _GAP_M = 3.0, 6.0
_STRIPE_M = 0.5
_PAVEMENT_M = 3.0
"""Width of the pavement that is made up along the road where the map has none."""


class _Surface(IntEnum):
    GRASS = 0
    PAVING = 1
    ASPHALT = 2
    KERB = 3
    WHITE = 4
    YELLOW = 5


_LOOKS = {
    _Surface.GRASS: ("#5a6f38", 0.25, 0.8),
    _Surface.PAVING: ("#9b968c", 0.20, 0.2),
    _Surface.ASPHALT: ("#5c5e61", 0.10, 0.4),
    _Surface.KERB: ("#b3b0a8", 0.20, 0.1),
    _Surface.WHITE: ("#d8d8d2", 0.45, 0.25),
    _Surface.YELLOW: ("#c99a2a", 0.45, 0.25),
}
"""sRGB colour, laser reflectivity, and how far the colour varies from place to place, as a share."""


def paint_ground(road_map: RoadMap, around: Polygon) -> GroundTexture:
    """The ground within the bounds of a polygon, 0.1 m a texel, coarser where that would be a great many."""
    x0, y0, x1, y1 = around.bounds
    texel_m = max(_TEXEL_M, float(np.sqrt((x1 - x0) * (y1 - y0) / _MOST_TEXELS)))
    canvas = _Canvas((x0, y0), (int((x1 - x0) / texel_m) + 1, int((y1 - y0) / texel_m) + 1), texel_m)
    near = around.envelope
    drivable = road_map.drivable.intersection(near)
    for area in road_map.walkways or [drivable.buffer(_PAVEMENT_M)]:
        canvas.fill(area.intersection(near), _Surface.PAVING)
    canvas.fill(drivable, _Surface.ASPHALT)
    canvas.draw(drivable.boundary, _LINE_M, _Surface.KERB)
    for divider in road_map.dividers:
        canvas.draw(_painted_lines(divider).intersection(near), _LINE_M, _paint_of(divider))
    stripes = [stripe for crossing in road_map.crossings if crossing.intersects(near) for stripe in _stripes(crossing)]
    for bar in (*road_map.stop_lines, *stripes):
        if bar.intersects(near):
            canvas.fill(bar, _Surface.WHITE)
    return GroundTexture(_textured(canvas.surfaces), (x0, y0), texel_m)


class _Canvas:
    """A grid of surfaces that shapes are drawn onto, row along y."""

    def __init__(self, origin_m: tuple[float, float], size: tuple[int, int], texel_m: float) -> None:
        self._origin_m, self._texel_m = np.array(origin_m), texel_m
        self._image = Image.new("L", size, int(_Surface.GRASS))
        self._draw = ImageDraw.Draw(self._image)

    @property
    def surfaces(self) -> NDArray[np.uint8]:
        return np.asarray(self._image)

    def fill(self, area: BaseGeometry, surface: _Surface) -> None:
        """Fills the polygons of an area; what lies in their holes stays.

        Pillow fills the pixels under the outline too, so areas are made half a texel smaller.
        """
        for polygon in _parts(area.buffer(-self._texel_m / 2, join_style="mitre"), Polygon):
            if not polygon.interiors:
                self._draw.polygon(self._texels(polygon.exterior), fill=int(surface))
                continue
            mask = Image.new("1", self._image.size)
            drawing = ImageDraw.Draw(mask)
            drawing.polygon(self._texels(polygon.exterior), fill=1)
            for hole in polygon.interiors:
                drawing.polygon(self._texels(hole), fill=0)
            self._image.paste(int(surface), mask=mask)

    def draw(self, lines: BaseGeometry, width_m: float, surface: _Surface) -> None:
        width = max(1, round(width_m / self._texel_m))
        for line in _parts(lines, LineString):
            self._draw.line(self._texels(line), fill=int(surface), width=width)

    def _texels(self, line: BaseGeometry) -> list[tuple[float, float]]:
        """Pillow's whole numbers are the middles of pixels."""
        points = (shapely.get_coordinates(line) - self._origin_m) / self._texel_m - 0.5
        return [(x, y) for x, y in points.tolist()]


def _parts(geometry: BaseGeometry, kind: type[Any]) -> Iterable[Any]:
    return (part for part in shapely.get_parts(geometry) if isinstance(part, kind) and not part.is_empty)


def _paint_of(divider: Divider) -> _Surface:
    return _Surface.YELLOW if divider.color is LineColor.YELLOW else _Surface.WHITE


def _painted_lines(divider: Divider) -> BaseGeometry:
    """The strokes of a divider: dashes, both lines of a double one, nothing where there is no paint."""
    line = LineString(divider.line_m)
    if divider.color is LineColor.NONE or line.length == 0:
        return LineString()
    if divider.double:
        return shapely.union(line.parallel_offset(_LINE_M), line.parallel_offset(-_LINE_M))
    if not divider.dashed:
        return line
    starts = np.arange(0.0, line.length, _DASH_M + _GAP_M)
    return shapely.multilinestrings([_stretch(line, start, start + _DASH_M) for start in starts])


def _stretch(line: LineString, start_m: float, end_m: float) -> LineString:
    return shapely.ops.substring(line, start_m, min(end_m, line.length))


def _stripes(crossing: Polygon) -> list[BaseGeometry]:
    """Bars of a zebra crossing, side by side along its longer extent."""
    corners = shapely.get_coordinates(crossing.minimum_rotated_rectangle)[:4]
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    along, across = (first, second) if np.hypot(*first) >= np.hypot(*second) else (second, first)
    start = corners[0] if along is first else corners[1]
    count = int(np.hypot(*along) / (2 * _STRIPE_M))
    side = across if along is first else -first
    unit = along / max(float(np.hypot(*along)), 1e-9)
    lows = [start + unit * _STRIPE_M * (2 * number + 0.5) for number in range(count)]
    bars = [Polygon([low, low + unit * _STRIPE_M, low + unit * _STRIPE_M + side, low + side]) for low in lows]
    return [bar.intersection(crossing) for bar in bars]


def _textured(surfaces: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour and reflectivity of every texel, with the variation of its surface."""
    colors = np.array([linear_rgb(color) for color, _, _ in _LOOKS.values()])
    variations = np.array([variation for _, _, variation in _LOOKS.values()])
    shades = 1.0 + variations[:, None] * np.linspace(-1, 1, 256)
    albedo = np.clip(colors[:, None] * shades[..., None], 0, 1)
    reflectivity = np.array([share for _, share, _ in _LOOKS.values()])
    reflectivity = np.broadcast_to(reflectivity[:, None, None], (*shades.shape, 1))
    table = np.round(np.concatenate([albedo, reflectivity], axis=2) * 255).astype(np.uint8)
    height, width = surfaces.shape
    noise = _noise()
    rows = np.arange(height) % _NOISE_TEXELS
    columns = np.arange(width) % _NOISE_TEXELS
    return table[surfaces, noise[np.ix_(rows, columns)]]


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.uint8]:
    """Stains and grain [1024, 1024]."""
    row, column = np.mgrid[:_NOISE_TEXELS, :_NOISE_TEXELS]
    points = np.stack([column.ravel(), row.ravel()], axis=1) * _TEXEL_M
    stains = fractal_noise(points * 0.4, 4, seed=9)
    grain = fractal_noise(points * 6.0, 2, seed=3)
    return np.round((0.7 * stains + 0.3 * grain) * 255).astype(np.uint8).reshape(_NOISE_TEXELS, _NOISE_TEXELS)
