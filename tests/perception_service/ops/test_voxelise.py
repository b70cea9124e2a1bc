import pytest
import torch

from perception_service.ops.voxelise import Voxelization

RANGE = (-4.0, -4.0, -1.0, 4.0, 4.0, 1.0)
SIZE = (0.5, 1.0, 1.0)


def plain_voxels(points, max_points, max_voxels):
    """One point after the other, as the definition says."""
    voxels: dict[tuple[int, int, int], list] = {}
    for point in points.tolist():
        cell = tuple(int((point[axis] - RANGE[axis]) // SIZE[axis]) for axis in range(3))
        if not all(RANGE[axis] <= point[axis] < RANGE[axis + 3] for axis in range(3)):
            continue
        if cell not in voxels and len(voxels) == max_voxels:
            continue
        kept = voxels.setdefault(cell, [])
        if len(kept) < max_points:
            kept.append(point)
    return voxels


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("count", "max_points", "max_voxels"), [(1, 5, 10), (300, 3, 500), (2000, 2, 20)])
def test_voxels_means_and_order_equal_the_plain_definition(seed, count, max_points, max_voxels):
    torch.manual_seed(seed)
    points = torch.randn(count, 5) * 3
    cloud = Voxelization(SIZE, RANGE, max_points, (1, max_voxels)).eval()(points)
    expected = plain_voxels(points, max_points, max_voxels)

    assert [tuple(cell) for cell in cloud.coordinates.tolist()] == list(expected)
    assert cloud.point_counts.tolist() == [len(kept) for kept in expected.values()]
    if expected:
        means = torch.stack([torch.tensor(kept).mean(0) for kept in expected.values()])
        torch.testing.assert_close(cloud.mean_features, means)


@pytest.mark.parametrize("points", [torch.zeros(0, 5), torch.full((7, 5), 100.0)], ids=["empty", "all outside"])
def test_a_cloud_without_points_in_range_has_no_voxels(points):
    cloud = Voxelization(SIZE, RANGE, 4, (10, 10))(points)
    assert cloud.mean_features.shape == (0, 5)
    assert cloud.coordinates.shape == (0, 3)


def test_the_voxel_limit_depends_on_training():
    points = torch.rand(500, 5) * 3
    layer = Voxelization(SIZE, RANGE, 4, (3, 7))
    assert len(layer.train()(points).point_counts) == 3
    assert len(layer.eval()(points).point_counts) == 7


def test_voxelising_twice_gives_the_same_bits():
    points = torch.randn(5000, 5)
    layer = Voxelization(SIZE, RANGE, 10, (1000, 1000))
    assert torch.equal(layer(points).mean_features, layer(points).mean_features)
