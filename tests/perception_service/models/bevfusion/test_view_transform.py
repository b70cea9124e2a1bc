from dataclasses import replace

import pytest
import torch

from perception_service.models.bevfusion.depth_lss_transform import DepthLSSTransform, sparse_depth_images
from perception_service.models.bevfusion.frustum import frustum_points
from perception_service.models.bevfusion.lss_transform import LSSTransform
from perception_service.models.config import PerceptionConfig
from perception_service.models.presets import preset
from perception_service.preprocessing import bevfusion_inputs

GEOMETRY = {
    "in_channels": 6,
    "out_channels": 4,
    "image_size": [128, 352],
    "feature_size": [16, 44],
    "xbound": [-51.2, 51.2, 0.8],
    "ybound": [-51.2, 51.2, 1.6],
    "zbound": [-10.0, 10.0, 20.0],
    "dbound": [1.0, 60.0, 4.0],
}


@pytest.fixture(scope="module")
def inputs(make_scene):
    return bevfusion_inputs(make_scene(), PerceptionConfig.parse(preset("tiny")))


def turned(inputs):
    """The same frame, its cloud turned by 90 degrees and shifted, as training augments it."""
    augmentation = torch.eye(4)
    augmentation[:2, :2] = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    augmentation[:3, 3] = torch.tensor([2.0, -1.0, 0.5])
    cloud = inputs.points_lidar[0].clone()
    cloud[:, :3] = cloud[:, :3] @ augmentation[:3, :3].T + augmentation[:3, 3]
    return replace(inputs, points_lidar=[cloud], lidar_augmentation=augmentation[None])


def test_frustum_points_project_back_to_their_pixels_and_depths(inputs):
    frustum = LSSTransform(**GEOMETRY).frustum
    points = frustum_points(frustum, inputs)[0]
    projection = inputs.image_from_lidar[0]
    projected = torch.einsum("nij,nhwdj->nhwdi", projection[:, :3, :3], points) + projection[:, None, None, None, :3, 3]
    depth = projected[..., 2]
    original = projected[..., :2] / depth[..., None]
    augmentation = inputs.image_augmentation[0]
    pixels = (
        torch.einsum("nij,nhwdj->nhwdi", augmentation[:, :2, :2], original) + augmentation[:, None, None, None, :2, 3]
    )
    torch.testing.assert_close(pixels, frustum[..., :2].permute(1, 2, 0, 3).expand_as(pixels), atol=0.05, rtol=0)
    torch.testing.assert_close(depth, frustum[..., 2].permute(1, 2, 0).expand_as(depth), atol=0.01, rtol=1e-4)


def test_the_lidar_augmentation_moves_the_frustum_with_the_cloud(inputs):
    frustum = LSSTransform(**GEOMETRY).frustum
    moved = turned(inputs)
    matrix = moved.lidar_augmentation[0]
    expected = frustum_points(frustum, inputs) @ matrix[:3, :3].T + matrix[:3, 3]
    torch.testing.assert_close(frustum_points(frustum, moved), expected, atol=1e-3, rtol=1e-4)


def test_every_depth_bin_lands_in_the_cell_that_contains_it(inputs):
    transform = LSSTransform(**GEOMETRY)
    points = frustum_points(transform.frustum, inputs).flatten(0, 3)
    cells = transform._cells(inputs)
    size_x, size_y, _ = transform.grid_shape
    landed = cells >= 0
    x, y = cells[landed] // size_y, cells[landed] % size_y
    kept = points[landed]
    assert ((kept[:, 0] + 51.2) / 0.8 - x).clamp(-1e-3, 1).sub(0.5).abs().max() <= 0.502
    assert ((kept[:, 1] + 51.2) / 1.6 - y).clamp(-1e-3, 1).sub(0.5).abs().max() <= 0.502
    outside = points[~landed]
    assert ((outside[:, :2].abs() >= 51.19).any(1) | (outside[:, 2].abs() >= 9.99)).all()
    assert (size_x, size_y) == (128, 64)


@pytest.mark.parametrize("augment", [lambda inputs: inputs, turned], ids=["plain", "augmented"])
def test_depth_images_hold_the_nearest_point_of_each_pixel(inputs, augment):
    images = sparse_depth_images(augment(inputs), (128, 352))
    expected = torch.zeros(6, 128, 352)
    for camera in range(6):
        projection, augmentation = inputs.image_from_lidar[0, camera], inputs.image_augmentation[0, camera]
        for point in inputs.points_lidar[0][:, :3]:
            u, v, depth = projection[:3, :3] @ point + projection[:3, 3]
            if depth <= 0:
                continue
            column = torch.floor(u / depth * augmentation[0, 0] + augmentation[0, 3])
            row = torch.floor(v / depth * augmentation[1, 1] + augmentation[1, 3])
            if 0 <= row < 128 and 0 <= column < 352:
                old = expected[camera, int(row), int(column)]
                expected[camera, int(row), int(column)] = depth if old == 0 else torch.minimum(old, depth)
    agreeing = torch.isclose(images[:, 0], expected, atol=1e-2).float().mean()
    assert (expected > 0).sum() > 500
    assert agreeing > 0.9995, "only points on a pixel's edge may differ, by rounding"


def test_reduced_precision_moves_no_geometry(inputs):
    frustum = LSSTransform(**GEOMETRY).frustum
    expected = frustum_points(frustum, inputs), sparse_depth_images(inputs, (128, 352))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(frustum_points(frustum, inputs), expected[0])
        assert torch.equal(sparse_depth_images(inputs, (128, 352)), expected[1])


@pytest.mark.parametrize("transform_class", [LSSTransform, DepthLSSTransform])
@pytest.mark.parametrize(("downsample", "shape"), [(1, (128, 64)), (2, (64, 32))])
def test_the_map_has_x_first_and_the_halved_size(inputs, transform_class, downsample, shape):
    transform = transform_class(**GEOMETRY, downsample=downsample).eval()
    assert transform(torch.randn(6, 6, 16, 44), inputs).shape == (1, 4, *shape)


def test_a_cached_plan_is_not_used_for_another_calibration(inputs):
    transform = LSSTransform(**GEOMETRY).eval()
    features = torch.randn(6, 6, 16, 44)
    first, moved = transform(features, inputs), transform(features, turned(inputs))
    assert torch.equal(transform(features, inputs), first)
    assert not torch.equal(moved, first)


def test_a_plan_made_in_inference_mode_does_not_break_training(inputs):
    transform = LSSTransform(**GEOMETRY)
    with torch.inference_mode():
        transform(torch.randn(6, 6, 16, 44), inputs)
    transform(torch.randn(6, 6, 16, 44), inputs).sum().backward()
    assert transform.depthnet.weight.grad.abs().sum() > 0
