"""Traffic cones, barriers and plain boxes for what has no shape of its own; standing on z = 0, centred in x and y."""

import numpy as np

from training.rendering.materials import Material, linear_rgb
from training.rendering.mesh import Part, merged
from training.rendering.solids import box, loft, tube

_ORANGE = linear_rgb("#e2571e")
_WHITE = linear_rgb("#e8e8e4")
_CONCRETE = linear_rgb("#a9a7a1")


def traffic_cone(length_m: float, width_m: float, height_m: float) -> Part:
    """An orange cone with a white band that returns light."""
    foot = box((-0.20, -0.20, 0.0), (0.20, 0.20, 0.04), _ORANGE * 0.6, Material.RUBBER)
    low = tube((0, 0, 0.04), (0, 0, 0.34), (0.155, 0.095), _ORANGE, Material.CLOTH, 10)
    band = tube((0, 0, 0.34), (0, 0, 0.50), (0.095, 0.065), _WHITE, Material.RETROREFLECTOR, 10)
    top = tube((0, 0, 0.50), (0, 0, 0.72), (0.065, 0.025), _ORANGE, Material.CLOTH, 10)
    return merged([foot, low, band, top]).fitted(length_m, width_m, height_m)


def barrier(length_m: float, width_m: float, height_m: float) -> Part:
    """A concrete barrier with the profile of a New Jersey wall, across its own length axis."""
    profile = [
        (-0.5, 0.0),
        (-0.5, 0.10),
        (-0.22, 0.42),
        (-0.14, 1.0),
        (0.14, 1.0),
        (0.22, 0.42),
        (0.5, 0.10),
        (0.5, 0.0),
    ]
    ends = (-0.5, 0.5)
    along_y = width_m >= length_m
    sections = [[(across, end, z) if along_y else (end, -across, z) for across, z in profile] for end in ends]
    return loft(sections, _CONCRETE, Material.MASONRY).fitted(length_m, width_m, height_m)


def plain_box(length_m: float, width_m: float, height_m: float, color: str) -> Part:
    """A box of painted metal."""
    low, high = (-length_m / 2, -width_m / 2, 0.0), (length_m / 2, width_m / 2, height_m)
    return box(low, high, linear_rgb(color), Material.CAR_PAINT)


def trailer(length_m: float, width_m: float, height_m: float, color: str) -> Part:
    """A load box on wheels that show below it."""
    load = box((-0.5, -0.5, 0.28), (0.5, 0.5, 1.0), linear_rgb(color), Material.CAR_PAINT)
    black = np.full(3, 0.02)
    wheels = [
        box((x - 0.045, side - 0.06, 0.0), (x + 0.045, side + 0.06, 0.26), black, Material.RUBBER)
        for x in (-0.36, -0.24, 0.30)
        for side in (-0.44, 0.44)
    ]
    beam = box((-0.45, -0.15, 0.16), (0.45, 0.15, 0.28), black, Material.METAL)
    return merged([load, beam, *wheels]).fitted(length_m, width_m, height_m)
