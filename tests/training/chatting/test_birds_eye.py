"""The picture in characters: forward is up, left is left."""

import numpy as np
import pytest

from training.chatting.birds_eye import COLUMNS, CORRECTION, PROPOSAL, ROWS, Grid, draw_birds_eye
from training.chatting.report import printable
from waymend.frames import read_frame_directory

AHEAD = np.array([[5.0, 0.0], [20.0, 0.0]])
LEFT = np.array([[5.0, 2.0], [20.0, 6.0]])


@pytest.fixture(scope="module")
def empty_road():
    from tests.training.chatting.conftest import FRAME

    description = read_frame_directory(FRAME).description
    return description.model_copy(update={"agents": [], "map": None})


def agent(empty_road, **changes):
    from waymend.frames.description import AgentDescription

    fields = {
        "object_class": "bus",
        "center_ego_m": [15.0, -5.0, 1.5],
        "length_m": 12.0,
        "width_m": 2.5,
        "height_m": 3.0,
        "yaw_rad": 0.0,
    }
    return empty_road.model_copy(update={"agents": [AgentDescription(**fields | changes)]})


def places(picture, mark) -> list[tuple[int, int]]:
    lines = picture.plain.split("\n")
    assert len(lines) == ROWS
    assert {len(line) for line in lines} == {COLUMNS}
    return [(r, c) for r, line in enumerate(lines) for c, character in enumerate(line) if character == mark]


def test_a_waypoint_ahead_is_above_one_that_is_nearer_in_the_ego_vehicles_column(empty_road):
    (far_row, far_column), (near_row, near_column) = places(draw_birds_eye(empty_road, AHEAD), PROPOSAL[0])
    assert far_row < near_row
    assert far_column == near_column == COLUMNS // 2
    assert near_row - far_row == round(15.0 / Grid.around([AHEAD]).row_m)


def test_left_is_left_and_metres_across_are_as_long_as_metres_ahead(empty_road):
    picture = draw_birds_eye(empty_road, AHEAD, LEFT)
    (_, far), (_, near) = places(picture, CORRECTION[0])
    grid = Grid.around([AHEAD, LEFT])
    assert COLUMNS // 2 - far == round(6.0 / grid.column_m)
    assert far < near < COLUMNS // 2
    assert grid.row_m == 2 * grid.column_m


def test_the_ego_vehicle_covers_its_own_length(empty_road):
    rows = {row for row, _ in places(draw_birds_eye(empty_road, AHEAD), "E")}
    row_m = Grid.around([AHEAD]).row_m
    assert len(rows) * row_m == pytest.approx(4.084, abs=row_m)


def test_an_agent_covers_its_box_and_turns_with_it(empty_road):
    along, across = (places(draw_birds_eye(agent(empty_road, yaw_rad=yaw)), "B") for yaw in (0.0, np.pi / 2))
    assert all(column > COLUMNS // 2 for _, column in along)
    assert len({row for row, _ in along}) > 3 * len({row for row, _ in across})
    assert len({column for _, column in across}) > 3 * len({column for _, column in along})


def test_an_agent_smaller_than_a_cell_is_seen(empty_road):
    cone = agent(empty_road, object_class="traffic_cone", length_m=0.3, width_m=0.3)
    assert len(places(draw_birds_eye(cone), "A")) == 1


def test_a_far_trajectory_is_shown_whole(empty_road):
    far = np.array([[30.0, 0.0], [90.0, 40.0]])
    assert len(places(draw_birds_eye(empty_road, far), PROPOSAL[0])) == 2


def test_control_characters_do_not_reach_the_terminal():
    assert printable("a\x1b[2Jb\x07\nc") == "a [2Jb \nc"
