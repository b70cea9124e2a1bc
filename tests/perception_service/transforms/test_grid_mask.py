import numpy as np
import pytest

from perception_service.transforms.build import build_transforms

ALWAYS = {"type": "GridMask", "use_h": True, "use_w": True, "max_epoch": 6, "fixed_prob": True}


def _masked(config: dict, seed: int = 0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    images = [np.random.default_rng(k).uniform(1, 255, (128, 352, 3)).astype(np.float32) for k in range(6)]
    np.random.seed(seed)
    return images, build_transforms([config])({"img": list(images)})["img"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("changes", [{}, {"mode": 1}, {"rotate": 90}, {"ratio": 1}, {"use_h": False}], ids=str)
def test_pixels_are_kept_or_black_and_shapes_stay(changes, seed):
    before, after = _masked(ALWAYS | changes, seed)
    for image, result in zip(before, after, strict=True):
        assert result.shape == image.shape
        assert result.dtype == np.float32
        kept = (result != 0).any(-1)
        np.testing.assert_array_equal(result[kept], image[kept])
        np.testing.assert_array_equal(kept, (after[0] != 0).any(-1))


def test_some_of_the_image_goes_and_some_stays():
    _, (masked, *_) = _masked(ALWAYS)
    assert 0.05 < (masked == 0).mean() < 0.95


def test_mode_one_keeps_what_mode_zero_blanks():
    (image, *_), (kept, *_) = _masked(ALWAYS)
    _, (rest, *_) = _masked(ALWAYS | {"mode": 1})
    np.testing.assert_array_equal(kept + rest, image)


def test_bars_have_the_share_of_the_period_that_the_ratio_says():
    _, (masked, *_) = _masked(ALWAYS | {"use_h": False, "ratio": 0.25}, seed=2)
    blank = (masked[0] == 0).all(-1)
    changes = np.flatnonzero(np.diff(blank.astype(int)))
    widths, rising = np.diff(changes), blank[changes[:-1] + 1]
    bar, gap = set(widths[rising]), set(widths[~rising])
    assert len(bar) == len(gap) == 1
    assert bar.pop() == int((np.median(widths[rising]) + np.median(widths[~rising])) * 0.25 + 0.5)


def test_probability_zero_masks_nothing_and_rises_with_the_epochs():
    before, after = _masked(ALWAYS | {"prob": 0.0})
    np.testing.assert_array_equal(before, after)
    rising = build_transforms([ALWAYS | {"fixed_prob": False, "prob": 0.6}]).transforms[0]
    rising.set_epoch(3)
    assert rising.prob == pytest.approx(0.3)
    fixed = build_transforms([ALWAYS | {"prob": 0.6}]).transforms[0]
    fixed.set_epoch(3)
    assert fixed.prob == 0.6


def test_noise_stands_where_black_would():
    (image, *_), (masked, *_) = _masked(ALWAYS)
    _, (noisy, *_) = _masked(ALWAYS | {"offset": True})
    black = (masked == 0).all(-1)
    np.testing.assert_array_equal(noisy[~black], image[~black])
    assert 0.3 < np.abs(noisy[black]).mean() < 0.7
