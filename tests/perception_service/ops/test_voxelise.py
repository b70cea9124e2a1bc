"""Voxelisation against a loop over points, and clouds at the edge of what a sensor gives."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from perception_service.ops.voxelise import Voxelization
from waymend.errors import InvalidField

RANGE = (-4.0, -4.0, -1.0, 4.0, 4.0, 1.0)
SIZE = (0.5, 1.0, 1.0)
GRID = (16, 8, 2)

few_values = st.sampled_from([-4.0, -1.0, -0.3, 0.0, 0.25, 0.5, 3.99, 4.0, math.nan, math.inf, -math.inf, 1e30])
any_values = st.floats(width=32) | st.floats(-5, 5, width=32)
clouds = arrays.arrays(np.float32, st.tuples(st.integers(0, 40), st.just(4)), elements=few_values | any_values)


def plain_voxels(points: np.ndarray, max_points: int, max_voxels: int) -> dict[tuple[int, ...], list[np.ndarray]]:
    """One point after the other, as the definition says; the arithmetic is the points' float32."""
    voxels: dict[tuple[int, ...], list[np.ndarray]] = {}
    for point in points:
        if not np.isfinite(point).all():
            continue
        cell = np.floor((point[:3] - np.float32(RANGE[:3])) / np.float32(SIZE))
        if (cell < 0).any() or (cell >= GRID).any():
            continue
        key = tuple(int(index) for index in cell)
        if key not in voxels and len(voxels) == max_voxels:
            continue
        kept = voxels.setdefault(key, [])
        if len(kept) < max_points:
            kept.append(point)
    return voxels


def assert_voxels_equal_the_plain_ones(points: np.ndarray, max_points: int, max_voxels: int) -> None:
    cloud = Voxelization(SIZE, RANGE, max_points, (1, max_voxels)).eval()(torch.from_numpy(points))
    expected = plain_voxels(points, max_points, max_voxels)
    assert [tuple(cell) for cell in cloud.coordinates.tolist()] == list(expected)
    assert cloud.point_counts.tolist() == [len(kept) for kept in expected.values()]
    means = [np.mean(kept, 0, dtype=np.float64) for kept in expected.values()]
    expected_means = torch.from_numpy(np.array(means, np.float32).reshape(-1, points.shape[1]))
    finite = expected_means.abs() < 1e30
    torch.testing.assert_close(cloud.mean_features[finite], expected_means[finite], rtol=1e-5, atol=1e-5)


@settings(max_examples=150, deadline=None)
@given(points=clouds, max_points=st.integers(1, 4), max_voxels=st.integers(1, 12))
def test_voxels_means_and_order_equal_the_plain_definition(points, max_points, max_voxels):
    assert_voxels_equal_the_plain_ones(points, max_points, max_voxels)


@pytest.mark.parametrize(("count", "max_points", "max_voxels"), [(1, 5, 10), (300, 3, 500), (2000, 2, 20)])
def test_large_clouds_equal_the_plain_definition(count, max_points, max_voxels):
    points = np.random.default_rng(count).normal(scale=3, size=(count, 5)).astype(np.float32)
    assert_voxels_equal_the_plain_ones(points, max_points, max_voxels)


@pytest.mark.parametrize(
    "points",
    [torch.zeros(0, 5), torch.full((7, 5), 100.0), torch.full((7, 5), math.nan), torch.full((7, 5), -math.inf)],
    ids=["empty", "all outside", "not a number", "infinite"],
)
def test_a_cloud_without_points_in_range_has_no_voxels(points):
    cloud = Voxelization(SIZE, RANGE, 4, (10, 10))(points)
    assert cloud.mean_features.shape == (0, 5)
    assert cloud.coordinates.shape == (0, 3)


def test_a_point_with_a_broken_feature_leaves_its_voxel_to_the_others():
    points = torch.tensor([[0.1, 0.1, 0.1, math.nan], [0.2, 0.2, 0.2, 7.0]])
    cloud = Voxelization(SIZE, RANGE, 4, 10)(points)
    assert cloud.point_counts.tolist() == [1]
    assert torch.equal(cloud.mean_features, points[1:])


def test_points_that_are_the_same_count_each():
    points = torch.tensor([[0.1, 0.1, 0.1, 1.0]] * 3 + [[0.2, 0.2, 0.2, 5.0]])
    cloud = Voxelization(SIZE, RANGE, 10, 10)(points)
    assert cloud.point_counts.tolist() == [4]
    torch.testing.assert_close(cloud.mean_features[0, 3], torch.tensor(2.0))


def test_the_voxel_limit_depends_on_training():
    points = torch.rand(500, 5) * 3
    layer = Voxelization(SIZE, RANGE, 4, (3, 7))
    assert len(layer.train()(points).point_counts) == 3
    assert len(layer.eval()(points).point_counts) == 7


def test_voxelising_twice_gives_the_same_bits_also_where_determinism_is_demanded():
    points = torch.randn(5000, 5)
    layer = Voxelization(SIZE, RANGE, 10, (1000, 1000))
    torch.use_deterministic_algorithms(True)
    try:
        first, second = layer(points), layer(points)
    finally:
        torch.use_deterministic_algorithms(False)
    assert torch.equal(first.mean_features, second.mean_features)


def test_the_official_arguments_are_taken():
    layer = Voxelization(SIZE, RANGE, 10, 90, voxelize_reduce=True, deterministic=True)
    assert layer.max_voxels == (90, 90)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("voxelize_reduce", False),
        ("deterministic", False),
        ("max_num_points", -1),
        ("max_voxels", -1),
        ("max_voxels", (1, 2, 3)),
    ],
)
def test_unsupported_arguments_are_named(field, value):
    options = {"max_num_points": 10, "max_voxels": (10, 10), field: value}
    with pytest.raises(InvalidField, match=rf"^voxelize_cfg\.{field}: "):
        Voxelization(SIZE, RANGE, **options)
