"""Oriented boxes against each other."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from training.evaluating.agent_futures import AgentFutures
from training.evaluating.metrics.collision import box_corners_m, boxes_overlap, collision_summary, collisions
from waymend.trajectory import Horizon

HORIZON = Horizon()
CAR = (4.0, 2.0)


def box(x, y, yaw=0.0, size=CAR):
    return np.array([x, y, *size, yaw])


def overlap(first, second):
    return bool(boxes_overlap(box_corners_m(first), box_corners_m(second)))


def test_corners_go_around_the_box():
    np.testing.assert_allclose(box_corners_m(box(1.0, 2.0)), [[3, 1], [3, 3], [-1, 3], [-1, 1]])
    np.testing.assert_allclose(box_corners_m(box(0, 0, np.pi / 2)), [[1, 2], [-1, 2], [-1, -2], [1, -2]], atol=1e-12)


@pytest.mark.parametrize(
    ("other", "touches"),
    [
        (box(3.9, 0.0), True),
        (box(4.1, 0.0), False),
        (box(0.0, 1.9), True),
        (box(0.0, 2.1), False),
        (box(3.5, 0.0, np.pi / 2), False),  # Turned it is only a metre long on this side: 2 + 1 < 3.5.
        (box(2.9, 0.0, np.pi / 2), True),
        (box(3.5, 2.5, np.pi / 4), False),  # Bounding boxes overlap, the boxes do not.
        (box(0.0, 0.0, size=(0.1, 0.1)), True),  # Wholly inside.
    ],
)
def test_boxes_overlap_where_no_axis_separates_them(other, touches):
    assert overlap(box(0.0, 0.0), other) is touches


places = st.builds(
    lambda x, y, yaw, length, width: box(x, y, yaw, (length, width)),
    st.floats(-6, 6), st.floats(-6, 6), st.floats(-4, 4), st.floats(0.3, 8), st.floats(0.3, 3),
)  # fmt: skip


@given(places, places)
def test_shapely_says_the_same(first, second):
    polygons = [shapely.Polygon(box_corners_m(one)) for one in (first, second)]
    area_m2 = shapely.intersection(*polygons).area
    if area_m2 > 1e-6 or shapely.distance(*polygons) > 1e-6:
        assert overlap(first, second) is (area_m2 > 1e-6)
    assert overlap(first, second) == overlap(second, first)


def at_every_step(*boxes):
    return np.stack([np.stack(boxes)] * 6)


def ego_along_x(step_m):
    return box_corners_m(np.stack([box(step_m * k, 0.0) for k in range(1, 7)]))


def test_a_collision_is_told_for_the_steps_at_which_it_happens():
    futures = AgentFutures(at_every_step(box(9.0, 0.0), box(0.0, 50.0)), np.ones(6, bool))
    np.testing.assert_array_equal(collisions(ego_along_x(3.0), futures), [0, 1, 1, 1, 0, 0])


def test_an_agent_that_is_not_annotated_is_not_there_and_unknown_steps_are_not_zero():
    boxes = at_every_step(box(9.0, 0.0))
    boxes[2] = np.nan
    known = np.array([True] * 4 + [False] * 2)
    np.testing.assert_array_equal(
        collisions(ego_along_x(3.0), AgentFutures(boxes, known)), [0, 1, 0, 1, np.nan, np.nan]
    )


def test_no_agents_at_all_means_no_collision():
    futures = AgentFutures(np.empty((6, 0, 5)), np.ones(6, bool))
    np.testing.assert_array_equal(collisions(ego_along_x(3.0), futures), np.zeros(6))


def test_rates_count_any_step_up_to_t_and_the_step_at_t():
    collided = np.array([[0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, np.nan, 0, 1], [0] * 6], np.float64)
    summary = collision_summary(collided, HORIZON)
    assert summary["collision_any_1s_rate"] == pytest.approx(1 / 4)
    assert summary["collision_at_1s_rate"] == pytest.approx(1 / 4)
    assert summary["collision_at_2s_rate"] == 0.0
    assert summary["collision_any_2s_rate"] == pytest.approx(1 / 3)
    assert summary["collision_any_3s_rate"] == pytest.approx(2 / 3)
    assert summary["collision_at_3s_rate"] == pytest.approx(2 / 4)
    assert summary["collision_cases"] == 3


def test_where_nothing_is_known_there_is_no_rate():
    summary = collision_summary(np.full((2, 6), np.nan), HORIZON)
    assert summary["collision_any_3s_rate"] is None
    assert summary["collision_cases"] == 0
