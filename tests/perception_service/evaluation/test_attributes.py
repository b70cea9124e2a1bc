import pytest
from nuscenes.eval.detection.utils import detection_name_to_rel_attributes

from perception_service.evaluation.attributes import attribute_of
from waymend.vocabulary import OBJECT_CLASSES


@pytest.mark.parametrize("speed_mps", [0.0, 3.0])
@pytest.mark.parametrize("object_class", OBJECT_CLASSES)
def test_attributes_are_those_that_the_benchmark_knows_for_the_class(object_class, speed_mps):
    allowed = detection_name_to_rel_attributes(object_class)
    assert attribute_of(object_class, speed_mps) in (allowed or [""])


@pytest.mark.parametrize(
    ("object_class", "resting", "moving"),
    [
        ("car", "vehicle.parked", "vehicle.moving"),
        ("bus", "vehicle.stopped", "vehicle.moving"),
        ("bicycle", "cycle.without_rider", "cycle.with_rider"),
        ("pedestrian", "pedestrian.standing", "pedestrian.moving"),
        ("traffic_cone", "", ""),
    ],
)
def test_attributes_follow_from_the_speed(object_class, resting, moving):
    assert attribute_of(object_class, 0.2) == resting
    assert attribute_of(object_class, 0.21) == moving
