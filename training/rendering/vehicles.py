"""Cars, trucks and buses, built from lofts and panels; x forward, standing on z = 0, centred in x and y."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.rendering.materials import Material, linear_rgb
from training.rendering.mesh import Part, merged
from training.rendering.solids import box, loft, panels, tube

_GLASS = linear_rgb("#1b2127")
_RUBBER = linear_rgb("#1d1d1f")
_RIM = linear_rgb("#a4a8ad")
_TRIM = linear_rgb("#26282b")
_PLATE = linear_rgb("#e9e9e4")
_HEADLIGHT = linear_rgb("#f4f6ff") * 1.2
_TAIL_LIGHT = linear_rgb("#8f1510")
_BRAKE_LIGHT = np.array([2.6, 0.05, 0.03])

Section = tuple[float, float, float, float]
"""x, half width, bottom and top of a body's cross-section, metres."""


def car(length_m: float, width_m: float, height_m: float, color: str, braking: bool = False) -> Part:
    """A saloon car."""
    paint = linear_rgb(color)
    body = _body(
        [
            (-2.30, 0.74, 0.44, 0.82),
            (-2.24, 0.86, 0.30, 0.93),
            (-1.70, 0.91, 0.22, 1.00),
            (0.55, 0.92, 0.20, 0.97),
            (1.55, 0.91, 0.22, 0.90),
            (2.12, 0.86, 0.26, 0.78),
            (2.30, 0.68, 0.36, 0.64),
        ],
        paint,
    )
    cabin = _cabin((-2.02, 0.98), (-1.20, 0.20), 0.80, 0.60, (0.95, 1.50), paint)
    wheels = [_wheel(x, side * 0.84, 0.33, 0.20, side) for x in (-1.40, 1.42) for side in (-1, 1)]
    mirrors = [box((0.62, side * 0.90 - 0.06, 0.90), (0.78, side * 0.90 + 0.06, 1.03), paint, Material.CAR_PAINT)
               for side in (-1, 1)]  # fmt: skip
    details = _car_details(braking)
    return merged([body, *cabin, *wheels, *mirrors, *details]).fitted(length_m, width_m, height_m)


def truck(length_m: float, width_m: float, height_m: float, color: str, braking: bool = False) -> Part:
    """A rigid box truck: cab in front, load box behind."""
    paint, load = linear_rgb(color), linear_rgb("#d9d7d0")
    cab = _body([(2.25, 1.12, 0.45, 2.70), (3.70, 1.14, 0.45, 2.65), (4.15, 1.10, 0.45, 1.75)], paint)
    windscreen = _glass_quad([(4.17, 1.0, 1.72), (4.17, -1.0, 1.72), (3.74, -1.0, 2.58), (3.74, 1.0, 2.58)])
    doors = [
        _glass_quad([(2.9, s * 1.16, 1.65), (3.85, s * 1.16, 1.65), (3.62, s * 1.16, 2.5), (2.9, s * 1.16, 2.5)])
        for s in (-1, 1)
    ]
    boxes = [
        box((-4.15, -1.20, 1.05), (2.10, 1.20, 3.45), load, Material.CAR_PAINT),
        box((-4.10, -0.50, 0.60), (3.80, 0.50, 1.05), _TRIM, Material.METAL),
        box((-4.16, -1.21, 1.30), (2.11, 1.21, 1.48), paint, Material.CAR_PAINT),
        box((-4.15, -1.10, 0.50), (-4.05, 1.10, 0.66), _TRIM, Material.METAL),
        *(box((-3.2, s - 0.05, 0.5), (1.6, s + 0.05, 0.9), _TRIM, Material.METAL) for s in (-1.05, 1.05)),
    ]
    wheels = [_wheel(x, side * 1.02, 0.50, 0.30, side) for x in (-2.5, 3.1) for side in (-1, 1)]
    lights = _lights(-4.17, (0.72, 0.92), 0.95, 4.13, (0.75, 0.95), 0.95, braking)
    door_seam = box((-4.17, -0.015, 1.1), (-4.14, 0.015, 3.4), _TRIM, Material.METAL)
    return merged([cab, windscreen, *doors, *boxes, *wheels, *lights, door_seam]).fitted(length_m, width_m, height_m)


def bus(length_m: float, width_m: float, height_m: float, color: str, braking: bool = False) -> Part:
    """A city bus with a band of windows around it."""
    paint = linear_rgb(color)
    body = _body(
        [(-5.5, 1.20, 0.35, 3.05), (-5.4, 1.24, 0.32, 3.15), (5.3, 1.24, 0.32, 3.15), (5.5, 1.16, 0.36, 3.0)], paint
    )
    sides = [_window_band(-5.2, 5.1, side * 1.255, 1.35, 2.65, side) for side in (-1, 1)]
    front = _glass_quad([(5.52, 1.05, 1.2), (5.52, -1.05, 1.2), (5.52, -1.05, 2.6), (5.52, 1.05, 2.6)])
    back = _glass_quad([(-5.52, -0.95, 1.7), (-5.52, 0.95, 1.7), (-5.52, 0.95, 2.6), (-5.52, -0.95, 2.6)])
    sign = box((5.50, -0.8, 2.68), (5.54, 0.8, 2.92), linear_rgb("#ffab1f"), Material.LIGHT)
    wheels = [_wheel(x, side * 1.12, 0.48, 0.28, side) for x in (-3.2, 2.8) for side in (-1, 1)]
    lights = _lights(-5.53, (0.9, 1.1), 0.95, 5.5, (0.75, 1.0), 0.75, braking)
    return merged([body, *sides, front, back, sign, *wheels, *lights]).fitted(length_m, width_m, height_m)


def _body(sections: Sequence[Section], color: NDArray[np.float64]) -> Part:
    """A chamfered shell through cross-sections."""
    rings = []
    for x, half, bottom, top in sections:
        middle = bottom + 0.62 * (top - bottom)
        right = [
            (half * 0.88, bottom),
            (half, bottom + 0.10),
            (half, middle),
            (half * 0.95, top - 0.05),
            (half * 0.85, top),
        ]
        rings.append([(x, y, z) for y, z in right] + [(x, -y, z) for y, z in reversed(right)])
    return loft(rings, color, Material.CAR_PAINT)


def _cabin(
    base_x: tuple[float, float],
    roof_x: tuple[float, float],
    base_half: float,
    roof_half: float,
    z: tuple[float, float],
    paint: NDArray[np.float64],
) -> list[Part]:
    """A glass house with painted pillars and roof."""
    low = {(0, s): (base_x[0], s * base_half, z[0]) for s in (-1, 1)} | {
        (1, s): (base_x[1], s * base_half, z[0]) for s in (-1, 1)
    }
    high = {(0, s): (roof_x[0], s * roof_half, z[1]) for s in (-1, 1)} | {
        (1, s): (roof_x[1], s * roof_half, z[1]) for s in (-1, 1)
    }
    walls = []
    for s in (-1, 1):
        corners = [low[0, s], low[1, s], high[1, s], high[0, s]]
        walls.append(_framed(corners, (0, 0.13, 0.47, 0.52, 0.87, 1), paint, (1, 3)))
    walls.append(_framed([low[1, -1], low[1, 1], high[1, 1], high[1, -1]], (0, 0.05, 0.95, 1), paint, (1,)))
    walls.append(_framed([low[0, 1], low[0, -1], high[0, -1], high[0, 1]], (0, 0.08, 0.92, 1), paint, (1,)))
    roof = loft(
        [
            [
                (x, side, z[1] + rise * bulge)
                for side, bulge in ((-roof_half, 0), (-roof_half * 0.5, 1), (roof_half * 0.5, 1), (roof_half, 0))
            ]
            for x, rise in ((roof_x[0], 0.0), (roof_x[0] * 0.5 + roof_x[1] * 0.5, 0.05), (roof_x[1], 0.0))
        ],
        paint,
        Material.CAR_PAINT,
    )
    return [*walls, roof]


def _framed(
    corners: Sequence[Sequence[float]], cuts: Sequence[float], paint: NDArray[np.float64], glazed: Sequence[int]
) -> Part:
    """A wall with glass in the middle row of the given columns."""
    return panels(
        corners,
        cuts,
        (0, 0.06, 0.90, 1),
        lambda column, row: (_GLASS, Material.GLASS) if row == 1 and column in glazed else (paint, Material.CAR_PAINT),
    )


def _glass_quad(corners: Sequence[Sequence[float]]) -> Part:
    return panels(corners, (0, 1), (0, 1), lambda column, row: (_GLASS, Material.GLASS))


def _window_band(back_x: float, front_x: float, y: float, bottom: float, top: float, side: int) -> Part:
    cuts = np.linspace(0, 1, 8)
    edges = sorted([*cuts, *(cuts[1:-1] + 0.008)])
    corners = [(back_x, y, bottom), (front_x, y, bottom), (front_x, y, top), (back_x, y, top)]
    return panels(
        corners, edges, (0, 1), lambda column, row: (_TRIM, Material.METAL) if column % 2 else (_GLASS, Material.GLASS)
    )


def _wheel(x: float, y: float, radius: float, width: float, side: int) -> Part:
    """A tyre with rim in a dark arch; `side` is +1 on the left."""
    inner, outer = y - side * width / 2, y + side * width / 2
    arch = tube(
        (x, y - side * width, radius * 1.02),
        (x, outer - side * 0.005, radius * 1.02),
        radius * 1.17,
        _TRIM * 0.4,
        Material.RUBBER,
        22,
    )
    tyre = tube((x, inner, radius), (x, outer, radius), radius, _RUBBER, Material.RUBBER, 22)
    rim = tube((x, inner, radius), (x, outer + side * 0.012, radius), radius * 0.66, _RIM, Material.METAL, 14)
    hub = tube((x, inner, radius), (x, outer + side * 0.02, radius), radius * 0.22, _TRIM, Material.METAL, 8)
    return merged([_above_ground(arch), tyre, rim, hub])


def _above_ground(piece: Part) -> Part:
    """The arch must not reach below the floor of the body, where it would look like a second tyre."""
    vertices = piece.vertices_m.copy()
    vertices[:, 2] = np.maximum(vertices[:, 2], 0.24)
    return Part(vertices, piece.faces, piece.colors, piece.materials)


def _car_details(braking: bool) -> list[Part]:
    return [
        *_lights(-2.285, (0.42, 0.80), 0.78, 2.235, (0.42, 0.76), 0.63, braking),
        box((-2.31, -0.26, 0.60), (-2.28, 0.26, 0.72), _PLATE, Material.RETROREFLECTOR),
        box((2.26, -0.42, 0.42), (2.315, 0.42, 0.56), _TRIM, Material.RUBBER),
        box((-2.30, -0.80, 0.30), (-2.20, 0.80, 0.46), _TRIM, Material.RUBBER),
    ]


def _lights(
    back_x: float,
    back_y: tuple[float, float],
    back_z: float,
    front_x: float,
    front_y: tuple[float, float],
    front_z: float,
    braking: bool,
) -> list[Part]:
    """Two tail lights and two headlights, each a small box between two distances from the middle."""
    tail = (_BRAKE_LIGHT, Material.LIGHT) if braking else (_TAIL_LIGHT, Material.RETROREFLECTOR)
    lamps = []
    for s in (-1, 1):
        y0, y1 = sorted((s * back_y[0], s * back_y[1]))
        lamps.append(box((back_x - 0.02, y0, back_z - 0.08), (back_x + 0.08, y1, back_z + 0.07), *tail))
        y0, y1 = sorted((s * front_y[0], s * front_y[1]))
        lamps.append(
            box((front_x - 0.12, y0, front_z - 0.06), (front_x + 0.02, y1, front_z + 0.06), _HEADLIGHT, Material.LIGHT)
        )
    return lamps
