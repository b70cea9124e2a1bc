"""What surfaces are made of: how they shine and how well they return a laser pulse."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Material(IntEnum):
    """Material of a face. `GROUND` faces take colour and reflectivity from the world's ground paint."""

    GROUND = 0
    MASONRY = 1
    GLASS = 2
    CAR_PAINT = 3
    RUBBER = 4
    CLOTH = 5
    SKIN = 6
    FOLIAGE = 7
    BARK = 8
    METAL = 9
    LIGHT = 10
    RETROREFLECTOR = 11


_REFLECTIVITY = {
    Material.GROUND: 0.10,
    Material.MASONRY: 0.22,
    Material.GLASS: 0.04,
    Material.CAR_PAINT: 0.30,
    Material.RUBBER: 0.05,
    Material.CLOTH: 0.16,
    Material.SKIN: 0.22,
    Material.FOLIAGE: 0.20,
    Material.BARK: 0.14,
    Material.METAL: 0.32,
    Material.LIGHT: 0.60,
    Material.RETROREFLECTOR: 1.0,
}
_GLOSS = {Material.GLASS: 0.10, Material.CAR_PAINT: 0.045, Material.METAL: 0.03}
"""Fresnel reflectance at normal incidence (glass counts both panes); 0 for matt surfaces."""

LASER_REFLECTIVITY: NDArray[np.float64] = np.array([_REFLECTIVITY[material] for material in Material])
"""Share of a 905 nm pulse sent back at normal incidence, by material; plausible values, not measurements."""

GLOSS: NDArray[np.float64] = np.array([_GLOSS.get(material, 0.0) for material in Material])
"""Fresnel reflectance at normal incidence, by material."""


def linear_rgb(hexadecimal: str) -> NDArray[np.float64]:
    """`#rrggbb` (sRGB, IEC 61966-2-1) as linear red, green, blue in 0..1."""
    encoded = np.array([int(hexadecimal[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
