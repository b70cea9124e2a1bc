from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

from perception_service.models.config import ImageConfig, PerceptionConfig, PointsConfig
from perception_service.models.presets import preset
from perception_service.preprocessing import bevfusion_inputs, filter_points, resize_and_crop
from waymend.geometry import project_to_image

OFFICIAL = ImageConfig((256, 704), 768, (0.0,), (1.0,))
CONFIG = PerceptionConfig.parse(preset("tiny"))


def test_nuscenes_images_are_scaled_by_0_48_and_cut_at_the_bottom_centre():
    _, augmentation = resize_and_crop(np.zeros((900, 1600, 3), np.uint8), OFFICIAL)
    expected = np.eye(4)
    expected[[0, 1], [0, 1]] = 0.48
    expected[:2, 3] = -32, -176
    np.testing.assert_allclose(augmentation, expected)


def test_pixels_are_those_of_pillows_resize():
    image = np.random.default_rng(0).integers(0, 256, (900, 1600, 3), dtype=np.uint8)
    result, _ = resize_and_crop(image, OFFICIAL)
    pillow = Image.fromarray(image).resize((768, 432)).crop((32, 176, 736, 432))
    np.testing.assert_array_equal(result, np.asarray(pillow))


def test_images_that_shrink_to_less_than_a_third_differ_by_two_grey_levels_at_most():
    smooth = np.random.default_rng(0).integers(0, 256, (30, 53, 3), dtype=np.uint8)
    image = np.asarray(Image.fromarray(smooth).resize((1600, 900)))
    result, augmentation = resize_and_crop(image, CONFIG.image)
    pillow = Image.fromarray(image).resize((384, 216)).crop((16, 88, 368, 216))
    assert np.abs(result.astype(int) - np.asarray(pillow, int)).max() <= 2
    np.testing.assert_allclose(augmentation[:2], [[0.24, 0, 0, -16], [0, 0.24, 0, -88]])


@pytest.mark.parametrize("width", [49, 352, 1023, 1601])
def test_any_width_becomes_the_configured_one(width):
    result, augmentation = resize_and_crop(np.full((width // 2, width, 3), 200, np.uint8), CONFIG.image)
    assert result.shape == (128, 352, 3)
    assert (result[-1] >= 199).all()
    left, right = augmentation[0, 3], augmentation[0, 0] * width + augmentation[0, 3]
    assert (left, right) == pytest.approx((-16, 368))


def test_a_flat_image_is_filled_with_black_above():
    result, augmentation = resize_and_crop(np.full((300, 1600, 3), 200, np.uint8), OFFICIAL)
    assert result.shape == (256, 704, 3)
    assert (result[:112] == 0).all()
    assert (result[112:] == 200).all()
    assert augmentation[1, 3] == 112


def test_lidar_points_project_where_ego_geometry_says(make_scene):
    scene = make_scene()
    inputs = bevfusion_inputs(scene, CONFIG)
    points = np.random.default_rng(1).normal(0, 15, (200, 3))
    for index, view in enumerate(scene.cameras):
        expected, depth = project_to_image(scene.ego_from_lidar.apply(points), view.intrinsic, view.ego_from_camera)
        projection = inputs.image_from_lidar[0, index].double().numpy()
        homogeneous = points @ projection[:3, :3].T + projection[:3, 3]
        seen = depth > 1.0
        np.testing.assert_allclose(homogeneous[seen, 2], depth[seen], rtol=1e-4)
        np.testing.assert_allclose(homogeneous[seen, :2] / homogeneous[seen, 2:], expected[seen], rtol=1e-3, atol=0.1)


def test_lidar_from_camera_is_the_inverse_of_the_projection(make_scene):
    inputs = bevfusion_inputs(make_scene(), CONFIG)
    product = inputs.intrinsic @ torch.linalg.inv(inputs.lidar_from_camera)
    torch.testing.assert_close(product, inputs.image_from_lidar, rtol=1e-4, atol=1e-2)


def test_images_are_normalised_with_imagenet_statistics(make_scene):
    scene = make_scene()
    inputs = bevfusion_inputs(scene, CONFIG)
    pixels, _ = resize_and_crop(scene.cameras[2].image_rgb, CONFIG.image)
    expected = (pixels[5, 7] - np.array(CONFIG.image.mean)) / np.array(CONFIG.image.std)
    assert inputs.images.shape == (1, 6, 3, 128, 352)
    np.testing.assert_allclose(inputs.images[0, 2, :, 5, 7].numpy(), expected, rtol=1e-5)


def test_threads_change_nothing(make_scene):
    scene = make_scene()
    alone = bevfusion_inputs(scene, CONFIG)
    with ThreadPoolExecutor(2) as threads:
        together = bevfusion_inputs(scene, CONFIG, threads)
    torch.testing.assert_close(together.images, alone.images, rtol=0, atol=0)
    torch.testing.assert_close(together.image_from_lidar, alone.image_from_lidar, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("point", "kept"),
    [
        ((10.0, 0.0, 0.0), True),
        ((60.0, 0.0, 0.0), False),
        ((0.0, 0.0, 4.0), False),
        ((0.5, -0.9, 0.0), False),
        ((0.5, -1.1, 0.0), True),
    ],
)
def test_points_outside_the_range_and_on_the_vehicle_are_dropped(point, kept):
    cloud = np.array([[*point, 7.0, 0.1]], np.float32)
    result = filter_points(cloud, PointsConfig((-51.2, -51.2, -5.0, 51.2, 51.2, 3.0), 1.0))
    assert len(result) == kept


def test_a_radius_of_zero_keeps_points_on_the_vehicle():
    cloud = np.array([[0.0, 0.0, 0.5, 7.0, 0.0]], np.float32)
    assert len(filter_points(cloud, PointsConfig((-51.2, -51.2, -5.0, 51.2, 51.2, 3.0), 0.0))) == 1


@pytest.mark.parametrize(
    "cloud",
    [
        np.zeros((0, 5), np.float32),
        np.full((100, 5), 80.0, np.float32),
        np.full((100, 5), np.nan, np.float32),
        np.full((100, 5), np.inf, np.float32),
    ],
    ids=["empty", "outside", "NaN", "infinite"],
)
def test_a_cloud_of_which_nothing_is_left_makes_an_empty_input(make_scene, cloud):
    inputs = bevfusion_inputs(make_scene(points_lidar=cloud), CONFIG)
    assert inputs.points_lidar[0].shape == (0, 5)
    assert inputs.points_lidar[0].dtype == torch.float32


def test_two_million_points_keep_their_order_and_values(make_scene):
    rng = np.random.default_rng(0)
    cloud = rng.uniform((-100, -100, -10, 0, 0), (100, 100, 10, 255, 0.5), (2_000_000, 5)).astype(np.float32)
    (kept,) = bevfusion_inputs(make_scene(points_lidar=cloud), CONFIG).points_lidar
    low, high = np.array(CONFIG.points.range_m[:3], np.float32), np.array(CONFIG.points.range_m[3:], np.float32)
    inside = ((cloud[:, :3] > low) & (cloud[:, :3] < high)).all(1) & (np.abs(cloud[:, :2]) >= 1.0).any(1)
    np.testing.assert_array_equal(kept.numpy(), cloud[inside])
