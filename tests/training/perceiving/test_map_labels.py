"""Roads in the BEV map."""

import numpy as np
import pytest
import shapely

from training.perceiving.map_labels import KNOWN_RADIUS_M, MAP_LABELS, map_labels
from waymend.agents import DrivableArea, Polyline, VectorMap
from waymend.geometry import Pose

DRIVABLE, DIVIDER, BOUNDARY = range(len(MAP_LABELS))
# A street that bends to the left, with an island in it.
EXTERIOR = np.array([[-30, -6], [20, -6], [45, 30], [36, 36], [16, 6], [-30, 6]], np.float32)
ISLAND = np.array([[5, -2], [15, -2], [15, 2], [5, 2]], np.float32)
STREET = VectorMap(
    polylines=(
        Polyline("lane_divider", np.array([[-30, 0], [20, 0]], np.float32)),
        Polyline("road_boundary", EXTERIOR[:3]),
        Polyline("crossing", np.array([[-20, -6], [-20, 6]], np.float32)),
    ),
    drivable_areas=(DrivableArea(EXTERIOR, (ISLAND,)),),
)


def place(grid, cell, ego_from_lidar) -> tuple[float, float]:
    """The middle of a cell on flat ground, ego frame, by solving for the height that the ground has there."""
    x, y = (
        low + (index + 0.5) * size for low, index, size in zip(grid.low_corner_m, cell, grid.cell_size_m, strict=True)
    )
    below, above = (ego_from_lidar.apply(np.array([x, y, z])) for z in (-3.0, 0.0))
    share = -below[2] / (above[2] - below[2])
    return tuple((below + share * (above - below))[:2])


def cell_at(grid, ego_from_lidar, x_m, y_m) -> tuple[int, int]:
    index, on_map = grid.cells(ego_from_lidar.inverse().apply(np.array([x_m, y_m, 0.0])))
    assert on_map
    return tuple(index)


def test_drivable_area_is_what_shapely_says_of_the_cells_middles(grid, ego_from_lidar):
    labels, _ = map_labels(STREET, ego_from_lidar, grid)
    street = shapely.Polygon(EXTERIOR, [ISLAND])
    some = [(x, y) for x in range(0, 128, 3) for y in range(0, 128, 3)]
    middles = [shapely.Point(place(grid, cell, ego_from_lidar)) for cell in some]
    # A tilt of a degree moves the ground by centimetres; cells that the outline passes so closely are left out.
    clear = [
        (cell, middle) for cell, middle in zip(some, middles, strict=True) if street.boundary.distance(middle) > 0.05
    ]
    assert [labels[DRIVABLE][cell] for cell, _ in clear] == [street.contains(middle) for _, middle in clear]
    assert 50 < sum(labels[DRIVABLE][cell] for cell, _ in clear) < len(clear) / 2


@pytest.mark.parametrize(
    ("x_m", "y_m", "drivable"),
    [(30.0, 20.0, True), (30.0, -20.0, False), (-25.0, 0.0, True), (10.0, 0.0, False), (-20.0, -20.0, False)],
)
def test_the_bend_to_the_left_lies_ahead_and_left(grid, ego_from_lidar, x_m, y_m, drivable):
    labels, _ = map_labels(STREET, ego_from_lidar, grid)
    assert labels[DRIVABLE][cell_at(grid, ego_from_lidar, x_m, y_m)] == drivable


def test_ahead_is_along_the_lidars_y_and_left_against_its_x(grid, ego_from_lidar):
    x, y = cell_at(grid, ego_from_lidar, 30.0, 20.0)
    assert x < 64 < y
    assert (x, y) == (int((51.2 - 20.0) / 0.8), int((51.2 + 30.0 - 0.94) / 0.8))


def test_lines_mark_the_cells_that_they_pass_through_without_gaps(grid, ego_from_lidar):
    labels, _ = map_labels(STREET, ego_from_lidar, grid)
    expected = {cell_at(grid, ego_from_lidar, x_m, 0.0) for x_m in np.arange(-30, 20, 0.01)}
    assert {tuple(cell) for cell in np.argwhere(labels[DIVIDER])} == expected
    assert labels[BOUNDARY][cell_at(grid, ego_from_lidar, 0.0, -6.0)]
    assert not labels[:, cell_at(grid, ego_from_lidar, -20.0, 3.0)[0], :][DIVIDER].any()


def test_nothing_is_known_beyond_the_map_and_without_one(grid, ego_from_lidar):
    _, known = map_labels(STREET, ego_from_lidar, grid)
    corner = np.hypot(*place(grid, (0, 127), ego_from_lidar))
    assert corner > KNOWN_RADIUS_M
    assert not known[:, 0, 127].any()
    assert known[:, 64, 127].all()
    assert not map_labels(None, ego_from_lidar, grid)[1].any()


def test_lines_are_known_where_areas_are_not(grid):
    lines_alone = VectorMap(polylines=STREET.polylines)
    labels, known = map_labels(lines_alone, Pose.from_yaw(-np.pi / 2, [0.0, 0.0, 1.8]), grid)
    assert not known[DRIVABLE].any()
    assert known[DIVIDER, 64, 64]
    assert labels[DIVIDER].any()
