"""The assigner by distance against one loop over objects, as its definition says."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet3d.registry import TASK_UTILS

from perception_service.models.bevfusion import build as _registers_modules  # noqa: F401
from perception_service.models.bevfusion.assignment import Queries
from waymend.errors import InvalidField

RANGE_M = torch.tensor([-50.0, -50.0, -5.0, 50.0, 50.0, 3.0])


def boxes(*centres) -> torch.Tensor:
    return torch.tensor([[x, y, 0.0, 4.0, 2.0, 1.5, 0.0, 0.0, 0.0] for x, y in centres]).reshape(-1, 9)


def assigned(predicted, peaks, objects, labels, dist_thre=100.0) -> dict[int, int]:
    assigner = TASK_UTILS.build({"type": "HeuristicAssigner3D", "dist_thre": dist_thre})
    queries = Queries(predicted, torch.zeros(len(predicted), 3), torch.tensor(peaks, dtype=torch.int64))
    rows, columns, iou = assigner.assign(queries, objects, torch.tensor(labels, dtype=torch.int64), RANGE_M)
    assert rows.shape == columns.shape == iou.shape
    return dict(zip(rows.tolist(), columns.tolist(), strict=True))


def plain_assignment(predicted, peaks, objects, labels, dist_thre) -> dict[int, int]:
    owner, taken_at = {}, {}
    for index, (box, label) in enumerate(zip(objects.tolist(), labels, strict=True)):
        distances = [
            math.dist(box[:2], query[:2]) + (dist_thre if label != peak else 0.0)
            for query, peak in zip(predicted.tolist(), peaks, strict=True)
        ]
        query = distances.index(min(distances))
        if distances[query] <= dist_thre and distances[query] < taken_at.get(query, math.inf):
            owner[query], taken_at[query] = index, distances[query]
    return owner


def test_an_object_goes_to_the_nearest_query():
    assert assigned(boxes((0, 0), (5, 0), (9, 0)), [1, 1, 1], boxes((6, 0)), [1]) == {1: 0}


def test_a_query_that_two_objects_want_goes_to_the_nearer_one():
    assert assigned(boxes((0, 0), (50, 50)), [1, 1], boxes((3, 0), (1, 0)), [1, 1]) == {0: 1}


def test_a_query_of_another_class_is_farther_by_the_threshold():
    assert assigned(boxes((0, 0), (5, 0)), [2, 1], boxes((1, 0)), [1], dist_thre=10.0) == {1: 0}


def test_an_object_too_far_from_every_query_has_none():
    assert assigned(boxes((0, 0)), [1], boxes((11, 0)), [1], dist_thre=10.0) == {}


def test_a_query_that_is_no_number_is_left_aside():
    assert assigned(boxes((math.nan, 0), (5, 0)), [1, 1], boxes((1, 0)), [1]) == {1: 0}


def test_the_overlap_of_each_pair_is_given():
    assigner = TASK_UTILS.build({"type": "HeuristicAssigner3D"})
    queries = Queries(boxes((30, 0), (0, 0)), torch.zeros(2, 3), torch.tensor([0, 0]))
    rows, columns, iou = assigner.assign(queries, boxes((2, 0), (30, 0)), torch.tensor([0, 0]), RANGE_M)
    by_query = dict(zip(rows.tolist(), iou.tolist(), strict=True))
    assert columns[rows == 0].item() == 1
    assert by_query == pytest.approx({0: 1.0, 1: 1 / 3}, abs=1e-5)


def test_another_overlap_is_refused():
    with pytest.raises(InvalidField, match=r"assigner\.iou_calculator"):
        TASK_UTILS.build({"type": "HeuristicAssigner3D", "iou_calculator": {"type": "BboxOverlapsNearest3D"}})


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31 - 1),
    queries=st.integers(1, 12),
    objects=st.integers(1, 12),
    dist_thre=st.sampled_from([5.0, 40.0, 100.0]),
)
def test_the_assignment_is_that_of_the_plain_loop(seed, queries, objects, dist_thre):
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(queries + objects, 2, generator=generator) * 20
    labels = torch.randint(0, 3, (queries + objects,), generator=generator).tolist()
    every = boxes(*centres.tolist())
    scene = (every[:queries], labels[:queries], every[queries:], labels[queries:], dist_thre)
    assert assigned(*scene) == plain_assignment(*scene)
