"""What stands along a street: road surface, kerbs, houses, trees, lamps and signs."""

import numpy as np
from numpy.typing import NDArray

from training.procedural.street import Street
from training.rendering.materials import Material
from training.rendering.mesh import Part, merged, part
from training.rendering.roadside import FACADES, building, crossing_sign, street_lamp, tree
from waymend.geometry import Pose

_ANY = np.zeros(3)
"""Colour of ground faces, which the paint replaces."""


def scenery(street: Street, random: np.random.Generator) -> Part:
    """Everything that does not move, in the street's frame."""
    pieces = [_plain(street)]
    for side in (-1.0, 1.0):
        pieces += [_raised(street, side), *_houses(street, side, random), *_greenery(street, side, random)]
    first, last = street.crossing_m
    pieces.append(crossing_sign().placed(_beside(street, first - 1.0, -street.kerb_offset_m - 0.6)))
    pieces.append(crossing_sign().placed(_beside(street, last + 1.0, street.kerb_offset_m + 0.6, turn_rad=np.pi)))
    return merged(pieces)


def _plain(street: Street) -> Part:
    """Level ground far beyond the street."""
    x, y, _ = street.line.poses(street.line.length_m / 2)[0]
    corners = [[x - 900, y - 900, 0], [x + 900, y - 900, 0], [x + 900, y + 900, 0], [x - 900, y + 900, 0]]
    return part(corners, [[0, 1, 2], [0, 2, 3]], _ANY, Material.GROUND)


def _raised(street: Street, side: float) -> Part:
    """Kerb face and pavement of one side as strips along the line."""
    stations = np.arange(-60.0, street.line.length_m + 60.0, 1.0)
    low = _lifted(street.line.points(stations, side * street.kerb_offset_m), 0.0)
    edge = low + np.array([0, 0, street.kerb_height_m])
    back = _lifted(street.line.points(stations, side * (street.front_offset_m + 1.5)), street.kerb_height_m)
    return merged([_strip(low, edge), _strip(edge, back)])


def _lifted(points_m: NDArray[np.float64], z_m: float) -> NDArray[np.float64]:
    return np.column_stack([points_m, np.full(len(points_m), z_m)])


def _strip(a: NDArray[np.float64], b: NDArray[np.float64]) -> Part:
    count = len(a)
    i = np.arange(count - 1)
    faces = np.concatenate([np.stack([i, i + 1, i + count], 1), np.stack([i + 1, i + count + 1, i + count], 1)])
    return part(np.concatenate([a, b]), faces, _ANY, Material.GROUND)


def _houses(street: Street, side: float, random: np.random.Generator) -> list[Part]:
    """A row of houses with a gap now and then."""
    houses, station, last_style = [], -50.0, -1
    while station < street.line.length_m + 50.0:
        width = float(random.uniform(10.0, 18.0))
        storeys = int(random.integers(2, 6))
        style = int((last_style + random.integers(1, len(FACADES))) % len(FACADES))
        setback = street.front_offset_m + float(random.uniform(0.0, 0.9))
        pose = _beside(street, station + width / 2, side * setback, turn_rad=0.0 if side > 0 else np.pi)
        houses.append(building(width, 11.0, storeys, FACADES[style], random).placed(pose))
        station += width + (float(random.uniform(3.0, 7.0)) if random.random() < 0.22 else 0.15)
        last_style = style
    return houses


def _greenery(street: Street, side: float, random: np.random.Generator) -> list[Part]:
    """Trees near the kerb, a lamp after every third; none by the crossing."""
    pieces = []
    for number, station in enumerate(np.arange(-45.0, street.line.length_m + 40.0, 11.0)):
        place = station + float(random.uniform(-1.5, 1.5)) + (4.0 if side > 0 else 0.0)
        height = float(random.uniform(5.5, 8.0))
        if abs(place - np.mean(street.crossing_m)) < 8.0:
            continue
        if number % 3 == 1:
            lamp = street_lamp().placed(_beside(street, place, side * (street.kerb_offset_m + 0.6), -side * np.pi / 2))
            pieces.append(lamp)
        else:
            offset = side * (street.kerb_offset_m + 1.1)
            pieces.append(tree(height, random).placed(_beside(street, place, offset)))
    return pieces


def _beside(street: Street, station_m: float, offset_m: float, turn_rad: float = 0.0) -> Pose:
    """Pose on the pavement; without a turn, x points along the street."""
    heading = float(street.line.poses(station_m)[0, 2])
    x, y = street.line.points(station_m, offset_m)[0]
    return Pose.from_yaw(heading + turn_rad, (x, y, street.kerb_height_m))
