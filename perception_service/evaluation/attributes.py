"""Attributes of the nuScenes detection benchmark, guessed from class and speed."""

_MOVING_MPS = 0.2
_VEHICLES = ("car", "truck", "construction_vehicle", "bus", "trailer")
_CYCLES = ("motorcycle", "bicycle")


def attribute_of(object_class: str, speed_mps: float) -> str:
    """The attribute that mmdet3d 1.4.0's `NuScenesMetric` gives a LiDAR box; empty for classes that have none."""
    moving = speed_mps > _MOVING_MPS
    if object_class in _VEHICLES:
        resting = "vehicle.stopped" if object_class == "bus" else "vehicle.parked"
        return "vehicle.moving" if moving else resting
    if object_class in _CYCLES:
        return "cycle.with_rider" if moving else "cycle.without_rider"
    if object_class == "pedestrian":
        return "pedestrian.moving" if moving else "pedestrian.standing"
    return ""
