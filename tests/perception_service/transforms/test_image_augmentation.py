"""Where a pixel goes, its colour goes too."""

import numpy as np
import pytest
from PIL import Image

from perception_service.transforms.build import build_transforms
from perception_service.transforms.image_augmentation import ImageAugmentation
from perception_service.transforms.partial_resize import resized_window

WIDTH, HEIGHT = 1600, 900
TRAINING = {
    "type": "ImageAug3D",
    "final_dim": [256, 704],
    "resize_lim": [0.38, 0.55],
    "bot_pct_lim": [0.0, 0.0],
    "rot_lim": [-5.4, 5.4],
    "rand_flip": True,
    "is_train": True,
}
TEST = TRAINING | {"resize_lim": [0.48, 0.48], "rot_lim": [0.0, 0.0], "rand_flip": False, "is_train": False}


@pytest.fixture(scope="module")
def coloured_by_place() -> np.ndarray:
    """Red rises with u and green with v, blue is never black."""
    v, u = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    return np.stack([(u + 0.5) / WIDTH * 255, (v + 0.5) / HEIGHT * 255, np.full_like(u, 200.0)], axis=-1)


@pytest.fixture(scope="module")
def lidar2img() -> np.ndarray:
    """Of a camera that looks along the LiDAR's y axis."""
    camera_from_lidar = np.array([[1, 0, 0, 0.1], [0, 0, -1, -0.3], [0, 1, 0, -0.7], [0, 0, 0, 1]])
    intrinsic = np.diag([1266.0, 1266.0, 1.0, 1.0])
    intrinsic[:2, 2] = 816.0, 491.0
    return intrinsic @ camera_from_lidar


def _pixels(homogeneous: np.ndarray) -> np.ndarray:
    """[N, 4] (u d, v d, d, 1) as (u, v, d, 1), the coordinates that `img_aug_matrix` takes."""
    pixels = homogeneous.copy()
    pixels[:, :2] /= pixels[:, 2:3]
    return pixels


def _colours(image: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    columns, rows = np.floor(pixels[:, :2].T).astype(int)
    return image[rows, columns]


@pytest.mark.parametrize(("config", "seed"), [(TEST, 0), *((TRAINING, seed) for seed in range(8))])
def test_a_point_lands_on_the_same_content_after_augmentation(coloured_by_place, lidar2img, config, seed):
    np.random.seed(seed)
    result = build_transforms([config])({"img": [coloured_by_place], "ori_shape": (HEIGHT, WIDTH)})
    (image,), (matrix,) = result["img"], result["img_aug_matrix"]
    assert image.shape == (256, 704, 3)
    assert image.dtype == matrix.dtype == np.float32
    rng = np.random.default_rng(seed)
    points = np.column_stack([rng.uniform((-20, 15, -4), (20, 40, 4), (3000, 3)), np.ones(3000)])
    original = _pixels(points @ lidar2img.T)
    moved = original @ matrix.T
    np.testing.assert_allclose(moved[:, 2], original[:, 2], rtol=1e-6)
    inside = (moved[:, :2] >= 4).all(1) & (moved[:, :2] < (700, 252)).all(1)
    inside &= (original[:, :2] >= 4).all(1) & (original[:, :2] < (WIDTH - 4, HEIGHT - 4)).all(1)
    seen = _colours(image, moved[inside])
    filled = seen[:, 2] > 100
    assert filled.sum() > 300
    np.testing.assert_allclose(seen[filled, :2], _colours(coloured_by_place, original[inside][filled])[:, :2], atol=1.6)


def test_training_draws_differ_between_images_and_repeat_with_the_seed(coloured_by_place):
    def matrices() -> list[np.ndarray]:
        np.random.seed(3)
        return build_transforms([TRAINING])({"img": [coloured_by_place] * 2})["img_aug_matrix"]

    first, again = matrices(), matrices()
    assert not np.array_equal(first[0], first[1])
    np.testing.assert_array_equal(first, again)


def test_outside_training_nuscenes_images_are_scaled_by_0_48_and_cut_at_the_bottom_centre(coloured_by_place):
    result = build_transforms([TEST])({"img": [coloured_by_place]})
    expected = np.diag([0.48, 0.48, 1, 1])
    expected[:2, 3] = -32, -176
    np.testing.assert_allclose(result["img_aug_matrix"][0], expected, rtol=1e-7)
    pillow = Image.fromarray(coloured_by_place.astype(np.uint8)).resize((768, 432)).crop((32, 176, 736, 432))
    np.testing.assert_array_equal(result["img"][0], np.asarray(pillow, np.float32))


def test_half_of_the_training_images_are_mirrored():
    np.random.seed(0)
    transform = build_transforms([TRAINING]).transforms[0]
    mirrored = [transform.augmentation_for(HEIGHT, WIDTH).flipped for _ in range(400)]
    assert 160 < sum(mirrored) < 240


def test_mirroring_twice_is_no_change():
    mirrored = ImageAugmentation(1.0, (352, 128), (0, 0), (352, 128), flipped=True)
    np.testing.assert_allclose(mirrored.matrix @ mirrored.matrix, np.eye(4))


@pytest.mark.parametrize(
    ("size", "resized", "corner", "window"),
    [
        ((1600, 900), (768, 432), (32, 176), (704, 256)),
        ((1600, 900), (384, 216), (16, 88), (352, 128)),
        ((1601, 907), (768, 435), (32, 179), (704, 256)),
        ((160, 90), (384, 216), (16, 88), (352, 128)),
        ((1600, 300), (768, 144), (32, -112), (704, 256)),
        ((640, 480), (640, 480), (7, 11), (100, 300)),
        ((300, 200), (150, 100), (100, 80), (100, 50)),
    ],
)
def test_resizing_only_what_is_kept_gives_the_bits_of_resizing_all(size, resized, corner, window):
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    left, top = corner
    whole = image.resize(resized).crop((left, top, left + window[0], top + window[1]))
    np.testing.assert_array_equal(resized_window(image, resized, corner, window), whole)
