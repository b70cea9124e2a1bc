"""A scene: on a gentle left bend the car ahead stops for a pedestrian, and the ego vehicle brakes behind it."""

import numpy as np

from training.procedural.arc_line import ArcLine
from training.procedural.motion import Motion, SpeedProfile, parked
from training.procedural.scene import Actor, DriveScene
from training.procedural.scenery import scenery
from training.procedural.street import Street
from training.rendering.people import cyclist, pedestrian
from training.rendering.vehicles import bus, car, truck
from waymend.geometry import Pose

_BEND = [(112.0, 0.0), (5.0, 0.003), (5.0, 0.0065), (95.0, 0.0095), (5.0, 0.0065), (5.0, 0.003), (60.0, 0.0)]
"""A curvature of 0.0095 / m is a radius of 105 m: 0.77 m/s^2 sideways at 9 m/s."""

_CAR_M = (4.6, 1.92, 1.50)
_PARKED_COLORS = ("#8c1d1d", "#d9d9d6", "#23262b", "#33557a", "#9aa0a5", "#4a5a45", "#c2b8a3")
_PARKED_RIGHT = (92.0, 99.0, 106.2, 113.0, 119.6, 126.4, 133.2, 183.0, 190.0, 203.0)
_PARKED_LEFT = (95.5, 102.0, 115.6, 122.0, 129.2, 136.0, 149.5, 156.0, 181.0, 188.0, 201.0)


def braking_street(seed: int, frames: int = 5) -> DriveScene:
    """The scene; `seed` varies houses, trees and the colours of parked cars."""
    random = np.random.default_rng(seed)
    street = Street(ArcLine((0.0, 0.0, 0.0), _BEND), crossing_m=(165.0, 169.0))
    ego_profile = SpeedProfile(9.0, brake_at_s=1.2, brake_over_m=20.0)
    return DriveScene(
        name="braking-street",
        street=street,
        scenery=scenery(street, random),
        ego=_along_lane(street, 130.0, -street.lane_m / 2, ego_profile, at_s=1.0),
        actors=(*_traffic(street), *_people(street), *_parked(street, random)),
        global_from_scene=Pose.from_yaw(0.62, (420.0, 1130.0, 0.0)),
        frame_times_s=tuple(1.0 + 0.5 * number for number in range(frames)),
    )


def _traffic(street: Street) -> list[Actor]:
    right, left = -street.lane_m / 2, street.lane_m / 2
    lead = SpeedProfile(8.0, brake_at_s=-1.0, brake_over_m=16.0)
    follower = SpeedProfile(9.0, brake_at_s=1.9, brake_over_m=18.0)
    waiting_bus = SpeedProfile(7.0, brake_at_s=1.2, brake_over_m=17.6)
    return [
        Actor("car-lead", "car", _CAR_M, car(*_CAR_M, "#b8bcc0", braking=True),
              _along_lane(street, 160.5, right, lead, at_s=3.0)),
        Actor("car-follower", "car", _CAR_M, car(*_CAR_M, "#2f4a3c"),
              _along_lane(street, 115.0, right, follower, at_s=1.0)),
        Actor("car-oncoming", "car", _CAR_M, car(*_CAR_M, "#a4231f"),
              _along_lane(street, 158.0, left, SpeedProfile(8.0), at_s=1.0, oncoming=True)),
        Actor("bus-oncoming", "bus", (11.0, 2.6, 3.2), bus(11.0, 2.6, 3.2, "#d9a520"),
              _along_lane(street, 196.0, left, waiting_bus, at_s=1.0, oncoming=True)),
        Actor("cyclist", "bicycle", (1.8, 0.62, 1.80), cyclist(1.8, 0.62, 1.80, "#e07b1a", "#2b3346"),
              _along_lane(street, 154.0, -4.0, SpeedProfile(3.0, brake_at_s=2.0, brake_over_m=6.0), at_s=1.0)),
    ]  # fmt: skip


def _people(street: Street) -> list[Actor]:
    kerb = street.kerb_height_m
    middle = float(np.mean(street.crossing_m))
    x, y = street.line.points(middle, 3.4)[0]
    across = ArcLine((float(x), float(y), float(street.line.poses(middle)[0, 2]) - np.pi / 2), [(20.0, 0.0)])
    size = (0.72, 0.66, 1.76)
    return [
        Actor("pedestrian-crossing", "pedestrian", size, pedestrian(*size, "#b02a2a", "#27303f", stride=0.9),
              Motion(across, SpeedProfile(1.25), station_m=0.0, time_s=1.0)),
        Actor("pedestrian-waiting", "pedestrian", (0.52, 0.64, 1.68),
              pedestrian(0.52, 0.64, 1.68, "#d9c23c", "#3a3a40"),
              parked(*_place(street, middle - 0.6, -6.7, np.pi / 2)), kerb),
        Actor("pedestrian-right", "pedestrian", size, pedestrian(*size, "#2f5f8f", "#4a4038", stride=-0.8),
              _along_lane(street, 146.0, -8.4, SpeedProfile(1.3), at_s=1.0), kerb),
        Actor("pedestrian-left", "pedestrian", size, pedestrian(*size, "#6a3f73", "#24272c", stride=0.7),
              _along_lane(street, 147.0, 8.2, SpeedProfile(1.2), at_s=1.0, oncoming=True), kerb),
        Actor("pedestrian-behind", "pedestrian", size, pedestrian(*size, "#3f7a4d", "#30343a", stride=0.8),
              _along_lane(street, 124.0, -8.1, SpeedProfile(1.4), at_s=1.0), kerb),
    ]  # fmt: skip


def _parked(street: Street, random: np.random.Generator) -> list[Actor]:
    """Parked cars on both sides and a truck on the right."""
    size = (8.3, 2.42, 3.40)
    actors = [Actor("truck-parked", "truck", size, truck(*size, "#2d5f8a"), parked(*_place(street, 146.2, -4.82, 0.0)))]
    middle = street.lane_m + street.parking_m / 2 + 0.08
    places = [("right", station, -middle, 0.0) for station in _PARKED_RIGHT]
    places += [("left", station, middle, np.pi) for station in _PARKED_LEFT]
    for side, station, offset, turn in places:
        color = _PARKED_COLORS[random.integers(len(_PARKED_COLORS))]
        length, width, height = (_CAR_M[0] * random.uniform(0.9, 1.05), 1.9, random.uniform(1.45, 1.62))
        motion = parked(*_place(street, station + float(random.uniform(-0.3, 0.3)), offset, turn))
        shape = car(length, width, height, color)
        actors.append(Actor(f"car-parked-{side}-{station:.0f}", "car", (length, width, height), shape, motion))
    return actors


def _along_lane(
    street: Street, station_m: float, offset_m: float, profile: SpeedProfile, at_s: float, oncoming: bool = False
) -> Motion:
    """Follows the street at an offset to its left, and is beside `station_m` at `at_s`."""
    path = street.line.offset(offset_m)
    station = street.line.offset_station(station_m, offset_m)
    if oncoming:
        return Motion(path.reversed(), profile, path.length_m - station, at_s)
    return Motion(path, profile, station, at_s)


def _place(street: Street, station_m: float, offset_m: float, turn_rad: float) -> tuple[float, float, float]:
    x, y = street.line.points(station_m, offset_m)[0]
    return float(x), float(y), float(street.line.poses(station_m)[0, 2]) + turn_rad
