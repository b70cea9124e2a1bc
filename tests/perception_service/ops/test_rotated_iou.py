"""Overlaps of rotated boxes against shapely's polygons."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity, box

from perception_service.ops.nms import circle_nms, rotated_nms
from perception_service.ops.rotated_iou import boxes_iou_3d, rotated_iou, rotated_overlap

positions = st.floats(-8.0, 8.0)
extents = st.floats(0.05, 10.0)
rectangles = st.lists(st.tuples(positions, positions, extents, extents, st.floats(-7.0, 7.0)), max_size=4)


def polygon(x, y, length, width, yaw_rad):
    upright = box(-length / 2, -width / 2, length / 2, width / 2)
    return affinity.translate(affinity.rotate(upright, yaw_rad, origin=(0, 0), use_radians=True), x, y)


def tensor(boxes) -> torch.Tensor:
    return torch.tensor(boxes, dtype=torch.float64).reshape(-1, 5)


@settings(max_examples=150, deadline=None)
@given(rectangles, rectangles)
def test_overlaps_are_those_of_the_polygons(first, second):
    overlap = rotated_overlap(tensor(first), tensor(second))
    assert overlap.shape == (len(first), len(second))
    for row, a in enumerate(first):
        for column, b in enumerate(second):
            expected = polygon(*a).intersection(polygon(*b)).area
            assert float(overlap[row, column]) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("yaw_rad", [0.0, 0.3, np.pi / 2, 3.0])
def test_a_box_is_itself_also_turned_half_round(yaw_rad):
    boxes = tensor([(30.0, -20.0, 4.0, 2.0, yaw_rad), (30.0, -20.0, 4.0, 2.0, yaw_rad + np.pi)]).float()
    torch.testing.assert_close(rotated_iou(boxes, boxes), torch.ones(2, 2), atol=1e-4, rtol=0)


def test_boxes_that_touch_do_not_overlap_and_one_inside_another_does():
    boxes = tensor([(0, 0, 4, 2, 0), (4, 0, 4, 2, 0), (0.5, 0, 1, 1, 0.4)])
    iou = rotated_iou(boxes, boxes)
    assert float(iou[0, 1]) == pytest.approx(0.0, abs=1e-5)
    assert float(iou[0, 2]) == pytest.approx(1 / 8)
    torch.testing.assert_close(iou, iou.T)


def test_space_counts_height_from_the_bottom():
    low = torch.tensor([[0.0, 0.0, 0.0, 4.0, 2.0, 2.0, 0.5]])
    raised = low + torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    above = low + torch.tensor([0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0])
    iou = boxes_iou_3d(low, torch.cat((low, raised, above)))
    torch.testing.assert_close(iou, torch.tensor([[1.0, 1 / 3, 0.0]]), atol=1e-4, rtol=0)


@settings(max_examples=50, deadline=None)
@given(rectangles, st.floats(0.0, 0.9))
def test_rotated_suppression_is_the_greedy_loop(boxes, threshold):
    scores = torch.linspace(0.1, 0.9, len(boxes), dtype=torch.float64)
    iou = rotated_iou(tensor(boxes), tensor(boxes))
    expected: list[int] = []
    for index in reversed(range(len(boxes))):
        if all(float(iou[better, index]) <= threshold for better in expected):
            expected.append(index)
    assert rotated_nms(tensor(boxes), scores, threshold).tolist() == expected


def test_circle_suppression_compares_squared_distances():
    centres = torch.tensor([[0.0, 0.0], [0.4, 0.0], [0.45, 0.0], [5.0, 5.0]])
    scores = torch.tensor([0.9, 0.8, 0.7, 0.95])
    assert circle_nms(centres, scores, 0.175).tolist() == [3, 0, 2]
    assert circle_nms(torch.zeros(0, 2), torch.zeros(0), 0.175).tolist() == []
