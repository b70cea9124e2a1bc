"""One moment of the built-in scene, shared by the sensor tests."""

import pytest

from training.procedural.braking_street import braking_street
from training.procedural.sensing import world_at

TIME_S = 2.0


@pytest.fixture(scope="package")
def scene():
    return braking_street(seed=1)


@pytest.fixture(scope="package")
def world(scene):
    return world_at(scene, TIME_S)


@pytest.fixture(scope="package")
def scene_from_ego(scene):
    return scene.scene_from_ego(TIME_S)


@pytest.fixture(scope="package")
def time_s():
    return TIME_S
