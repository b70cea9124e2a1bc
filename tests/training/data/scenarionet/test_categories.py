"""Every object gets nuScenes' own word where there is one."""

import pytest

from training.data.scenarionet.categories import category_of

_CAR_LWH_M = (4.5, 1.9, 1.6)


def test_nuscenes_own_categories_stay():
    assert category_of("VEHICLE", "vehicle.construction", _CAR_LWH_M) == "vehicle.construction"


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("PEDESTRIAN", "human.pedestrian.adult"),
        ("CYCLIST", "vehicle.bicycle"),
        ("TRAFFIC_CONE", "movable_object.trafficcone"),
        ("TRAFFIC_BARRIER", "movable_object.barrier"),
        ("TRAFFIC_OBJECT", "movable_object.debris"),
        ("OTHER", None),
        ("UNSET", None),
        ("TRAFFIC_LIGHT", None),
    ],
)
def test_metadrive_s_types_are_translated(kind, category):
    assert category_of(kind, kind, _CAR_LWH_M) == category


@pytest.mark.parametrize(
    ("size_lwh_m", "category"),
    [
        ((7.0, 2.0, 2.9), "vehicle.car"),
        ((7.1, 2.3, 2.9), "vehicle.truck"),
        ((12.0, 2.5, 3.1), "vehicle.bus.rigid"),
        ((12.0, 2.5, 2.0), "vehicle.truck"),
        ((18.0, 2.5, 3.6), "vehicle.truck"),
    ],
)
def test_the_size_of_a_vehicle_decides_what_it_is(size_lwh_m, category):
    assert category_of("VEHICLE", "VEHICLE", size_lwh_m) == category
