"""Shapes fill their boxes exactly, so that annotated boxes are true."""

import numpy as np
import pytest

from training.rendering.people import cyclist, pedestrian
from training.rendering.vehicles import bus, car, truck


@pytest.mark.parametrize(
    ("shape", "size_m"),
    [
        (car(4.5, 1.9, 1.5, "#aa0000"), (4.5, 1.9, 1.5)),
        (truck(8.3, 2.4, 3.4, "#00aa00"), (8.3, 2.4, 3.4)),
        (bus(11.0, 2.6, 3.2, "#0000aa"), (11.0, 2.6, 3.2)),
        (pedestrian(0.7, 0.6, 1.8, "#808080", "#202020", 0.8), (0.7, 0.6, 1.8)),
        (cyclist(1.8, 0.6, 1.8, "#808080", "#202020"), (1.8, 0.6, 1.8)),
    ],
    ids=["car", "truck", "bus", "pedestrian", "cyclist"],
)
def test_a_shape_fills_its_box(shape, size_m):
    length, width, height = size_m
    np.testing.assert_allclose(shape.vertices_m.min(axis=0), [-length / 2, -width / 2, 0.0], atol=1e-9)
    np.testing.assert_allclose(shape.vertices_m.max(axis=0), [length / 2, width / 2, height], atol=1e-9)


def test_brake_lights_glow_only_while_braking():
    def brightest_red(shape):
        return shape.colors[:, 0].max()

    assert brightest_red(car(4.5, 1.9, 1.5, "#333333", braking=True)) > 2.0
    assert brightest_red(car(4.5, 1.9, 1.5, "#333333")) < 1.5
