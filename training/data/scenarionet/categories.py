"""nuScenes' category of an object, by what its source calls it."""

from training.data.nuscenes_format.tables import CATEGORIES

_BY_KIND = {
    "PEDESTRIAN": "human.pedestrian.adult",
    "CYCLIST": "vehicle.bicycle",
    "TRAFFIC_CONE": "movable_object.trafficcone",
    "TRAFFIC_BARRIER": "movable_object.barrier",
    "TRAFFIC_OBJECT": "movable_object.debris",
}

_LONGEST_CAR_M = 7.0
_BUS_LENGTH_M = (11.0, 15.0)
_LOWEST_BUS_M = 2.8


def category_of(kind: str, source_kind: str, size_lwh_m: tuple[float, float, float]) -> str | None:
    """The category; None for what nuScenes has no word for, such as MetaDrive's `OTHER` and `UNSET`.

    Sources without finer types call every motor vehicle `VEHICLE`. Its size decides: longer than 7 m is a truck, but
    11 to 15 m at a height of 2.8 m or more, the build of a city bus, is a bus; everything else is a car.

    Args:
        kind: MetaDrive's type.
        source_kind: The source's own; decides where it is one of nuScenes' categories.
        size_lwh_m: Length, width, height.
    """
    if source_kind in CATEGORIES:
        return source_kind
    return _vehicle(size_lwh_m) if kind == "VEHICLE" else _BY_KIND.get(kind)


def _vehicle(size_lwh_m: tuple[float, float, float]) -> str:
    length, _, height = size_lwh_m
    if length <= _LONGEST_CAR_M:
        return "vehicle.car"
    shortest, longest = _BUS_LENGTH_M
    return "vehicle.bus.rigid" if shortest < length <= longest and height >= _LOWEST_BUS_M else "vehicle.truck"
