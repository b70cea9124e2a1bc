"""Sizes of road users, and how they differ."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Body:
    """One of nuScenes' categories with a true size.

    Attributes:
        size_lwh_m: Length along the heading, width, height.
        rear_axle_m: From the middle back to the rear axle.
    """

    category: str
    size_lwh_m: tuple[float, float, float]

    @property
    def rear_axle_m(self) -> float:
        return 0.34 * self.size_lwh_m[0]


_RANGES: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "vehicle.car": ((3.9, 5.1), (1.70, 1.98), (1.42, 1.85)),
    "vehicle.truck": ((5.8, 8.5), (2.1, 2.5), (2.5, 3.5)),
    "vehicle.bus.rigid": ((10.2, 12.4), (2.5, 2.6), (3.0, 3.4)),
    "vehicle.motorcycle": ((1.9, 2.3), (0.70, 0.90), (1.35, 1.60)),
    "vehicle.bicycle": ((1.6, 1.9), (0.55, 0.70), (1.25, 1.70)),
    "human.pedestrian.adult": ((0.55, 0.85), (0.55, 0.75), (1.55, 1.92)),
    "movable_object.trafficcone": ((0.35, 0.45), (0.35, 0.45), (0.6, 1.0)),
    "movable_object.barrier": ((0.4, 0.6), (1.8, 2.6), (0.9, 1.1)),
}
"""Length, width and height (m), about the middle four fifths of nuScenes' annotations of each category."""


def draw_body(category: str, random: np.random.Generator) -> Body:
    """A body whose three measures are large or small together."""
    share = random.uniform(0.0, 1.0)
    length, width, height = (
        round(float(low + (high - low) * np.clip(share + random.normal(0.0, 0.15), 0.0, 1.0)), 3)
        for low, high in _RANGES[category]
    )
    return Body(category, (length, width, height))
