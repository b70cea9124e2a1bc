"""Pedestrians and cyclists; x forward, standing on z = 0, centred in x and y."""

import numpy as np
from numpy.typing import NDArray

from training.rendering.materials import Material, linear_rgb
from training.rendering.mesh import Part, merged
from training.rendering.solids import blob, box, torus, tube

_SKIN = linear_rgb("#c99a7c")
_HAIR = linear_rgb("#2f241d")
_SHOE = linear_rgb("#221f1e")
_FRAME = linear_rgb("#b3261e")
_RUBBER = linear_rgb("#1a1a1b")


def pedestrian(
    length_m: float, width_m: float, height_m: float, jacket: str, trousers: str, stride: float = 0.0
) -> Part:
    """A person; `stride` in -1..1 is where in the step the legs and arms are, 0 standing."""
    coat, leg_cloth = linear_rgb(jacket), linear_rgb(trousers)
    legs = [_leg(side * 0.10, side * stride * 0.30, leg_cloth) for side in (-1, 1)]
    arms = [_arm(side * 0.24, -side * stride * 0.24, coat) for side in (-1, 1)]
    torso = [
        tube((0, 0, 0.84), (0, 0, 1.12), (0.165, 0.165), coat, Material.CLOTH, 10),
        tube((0, 0, 1.10), (0, 0, 1.44), (0.165, 0.205), coat, Material.CLOTH, 10),
        blob((0, 0, 1.43), (0.14, 0.22, 0.09), coat, Material.CLOTH),
        tube((0, 0, 1.42), (0, 0, 1.56), 0.055, _SKIN, Material.SKIN),
    ]
    return merged([*legs, *arms, *torso, _head(0.0, 1.63)]).fitted(length_m, width_m, height_m)


def cyclist(length_m: float, width_m: float, height_m: float, jacket: str, trousers: str) -> Part:
    """A bicycle with its rider."""
    coat, leg_cloth = linear_rgb(jacket), linear_rgb(trousers)
    bicycle = [
        torus((-0.52, 0, 0.345), 0.32, 0.026, _RUBBER, Material.RUBBER),
        torus((0.52, 0, 0.345), 0.32, 0.026, _RUBBER, Material.RUBBER),
        *(tube(a, b, 0.022, _FRAME, Material.METAL, 6) for a, b in _FRAME_TUBES),
        tube((0.40, -0.27, 1.02), (0.40, 0.27, 1.02), 0.018, _RUBBER, Material.METAL, 6),
        box((-0.30, -0.07, 0.94), (-0.05, 0.07, 0.99), _RUBBER, Material.CLOTH),
        box((-0.90, -0.04, 0.62), (-0.86, 0.04, 0.70), linear_rgb("#d0201a"), Material.RETROREFLECTOR),
    ]
    rider = [
        tube((-0.16, 0, 1.0), (0.06, 0, 1.28), (0.16, 0.17), coat, Material.CLOTH, 10),
        tube((0.06, 0, 1.28), (0.18, 0, 1.48), (0.17, 0.18), coat, Material.CLOTH, 10),
        *(_bent((0.15, s * 0.20, 1.44), (0.25, s * 0.25, 1.18), (0.41, s * 0.23, 1.05), 0.05, coat) for s in (-1, 1)),
        _bent((-0.14, -0.10, 0.98), (0.24, -0.11, 0.80), (0.06, -0.11, 0.42), 0.075, leg_cloth),
        _bent((-0.14, 0.10, 0.98), (0.18, 0.11, 0.62), (-0.02, 0.11, 0.24), 0.075, leg_cloth),
        _head(0.25, 1.64),
        blob((0.24, 0, 1.72), (0.14, 0.11, 0.09), linear_rgb("#f2f2ee"), Material.CLOTH),
    ]
    return merged([*bicycle, *rider]).fitted(length_m, width_m, height_m)


_FRAME_TUBES = [
    ((-0.52, 0, 0.345), (-0.06, 0, 0.30)),
    ((-0.06, 0, 0.30), (-0.20, 0, 0.94)),
    ((-0.06, 0, 0.30), (0.36, 0, 0.80)),
    ((-0.17, 0, 0.82), (0.34, 0, 0.90)),
    ((-0.52, 0, 0.345), (-0.17, 0, 0.82)),
    ((0.52, 0, 0.345), (0.34, 0, 0.90)),
    ((0.34, 0, 0.90), (0.40, 0, 1.02)),
]


def _leg(y: float, swing: float, cloth: NDArray[np.float64]) -> Part:
    knee, foot = (swing * 0.55 + 0.03, y, 0.46), (swing, y, 0.09)
    return merged(
        [
            tube((0, y, 0.88), knee, (0.095, 0.07), cloth, Material.CLOTH),
            tube(knee, foot, (0.07, 0.055), cloth, Material.CLOTH),
            box((swing - 0.08, y - 0.045, 0.0), (swing + 0.17, y + 0.045, 0.09), _SHOE, Material.RUBBER),
        ]
    )


def _arm(y: float, swing: float, cloth: NDArray[np.float64]) -> Part:
    elbow, hand = (swing * 0.5, y * 1.08, 1.14), (swing + 0.06, y * 1.05, 0.88)
    return merged(
        [
            _bent((0, y * 0.92, 1.42), elbow, hand, 0.052, cloth),
            blob(hand, (0.05, 0.04, 0.06), _SKIN, Material.SKIN, 4, 6),
        ]
    )


def _bent(
    start: tuple[float, float, float],
    joint: tuple[float, float, float],
    end: tuple[float, float, float],
    radius: float,
    cloth: NDArray[np.float64],
) -> Part:
    return merged(
        [
            tube(start, joint, (radius, radius * 0.85), cloth, Material.CLOTH),
            tube(joint, end, (radius * 0.85, radius * 0.65), cloth, Material.CLOTH),
        ]
    )


def _head(x: float, z: float) -> Part:
    return merged(
        [
            blob((x, 0, z), (0.10, 0.078, 0.12), _SKIN, Material.SKIN, 7, 10),
            blob((x - 0.022, 0, z + 0.035), (0.10, 0.086, 0.105), _HAIR, Material.CLOTH, 7, 10),
        ]
    )
